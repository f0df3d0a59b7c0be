"""What everybody may know: agents that were ever licensed, their shops and their badges.

Read by strangers, often, and by patrols of every carrier; so there is no actor, no scope and no
ORM here, only the published columns, each question one query over an index.
"""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import Row, Select, and_, or_, select

from console.actions.channel.badges import code_prefix
from console.desk import Desk, House
from integrations.keys import KeyRing
from models.channel.agents import Agent, AgentState
from models.channel.badges import STANDINGS, Badge, BadgeState
from models.channel.licences import Licence, LicenceState
from models.channel.shops import AuthorisedShop
from models.permissions import Permission
from models.refusals import Invalid, NotFound, Refusal
from models.rules import china_day
from models.search import plain_text, query_terms, terms_of
from models.staff import Organisation
from models.tokens import (
    Answer,
    Claims,
    KeyRole,
    KeySet,
    Reason,
    Shop,
    Standing,
    StatusUnknown,
    Verifier,
    canonical_shop,
)
