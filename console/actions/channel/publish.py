"""The published list: its rows frozen, compared, checked, signed, and written out (4.6, BADGE 6)."""

import gzip
import hashlib
import json
import re
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, select
from sqlmodel import col

from console.actions.audit import history
from console.actions.channel.held import carrier_of
from console.actions.channel.numbers import next_numbers
from console.actions.channel.register import named
from console.desk import PAGE, Desk, House, Order, Slice, Work
