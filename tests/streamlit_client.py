"""A Streamlit browser without the browser: raw protobuf over a websocket, for attacks and load."""

import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

INTERRUPTED: Final = ForwardMsg.FINISHED_EARLY_FOR_RERUN
"""Another run follows by itself, as where a page leads on to another."""
SAME: Final = "same"
"""The origin that the page itself would send."""


@dataclass
class StreamlitClient:
    connection: ClientConnection
    session: str = ""
    """Streamlit's id of this session, once the first run told it."""
    seen: list[ForwardMsg] = field(default_factory=list[ForwardMsg])
    """The messages of the last run."""
    _pages: dict[str, str] = field(default_factory=dict[str, str])

    def send(self, message: BackMsg) -> None:
        self.connection.send(message.SerializeToString())

    def rerun(
        self, query: str = "", *, clicked: str = "", is_auto: bool = False, page: str = ""
    ) -> str:
        """Run the script and return its texts.

        `clicked` is a button's label of the last run, `page` the address of one of its pages.
        """
        state = ClientState(query_string=query, is_auto_rerun=is_auto)
        if page:
            state.page_script_hash = self._pages[page]
        if clicked:
            pressed = WidgetState(id=self._button(clicked), trigger_value=True)
            state.widget_states.widgets.append(pressed)
        self.send(BackMsg(rerun_script=state))
        return self.finish()

    def finish(self, within: float = 15) -> str:
        self.seen = []
        end = time.monotonic() + within
        while True:
            data = self.connection.recv(timeout=max(0.01, end - time.monotonic()))
            assert isinstance(data, bytes)
            message = ForwardMsg.FromString(data)
            self.seen.append(message)
            kind = message.WhichOneof("type")
            if kind == "new_session":
                self.session = message.new_session.initialize.session_id
            if kind == "navigation":
                self._pages = {
                    one.url_pathname: one.page_script_hash for one in message.navigation.app_pages
                }
            if kind == "script_finished" and message.script_finished != INTERRUPTED:
                return self.text()

    def text(self) -> str:
        elements = [message.delta.new_element for message in self.seen]
        return "\n".join(each.text.body for each in elements if each.HasField("text"))

    def media(self) -> str:
        """The address of the last run's first file."""
        for message in self.seen:
            url = message.delta.new_element.audio.url
            if url:
                return url
        raise AssertionError("no file in the last run")

    def closed_within(self, seconds: float) -> bool:
        """Whether the server closes the socket in time; eats what still comes."""
        end = time.monotonic() + seconds
        try:
            while (left := end - time.monotonic()) > 0:
                self.connection.recv(timeout=left)
        except ConnectionClosed:
            return True
        except TimeoutError:
            return False
        return False

    def _button(self, label: str) -> str:
        for message in self.seen:
            button = message.delta.new_element.button
            if button.label == label:
                return button.id
        raise AssertionError(f"no button {label}")


@contextmanager
def streamlit_client(
    base: str,
    token: str | None,
    *,
    resume: str | None = None,
    origin: str | None = SAME,
    cookie: str = "channel",
    path: str = "/console/_stcore/stream",
) -> Generator[StreamlitClient]:
    """Connect as a browser that holds `token`; raises `InvalidStatus` when refused."""
    headers = {"Cookie": f"{cookie}={token}"} if token else {}
    protocols = ["streamlit", "PLACEHOLDER_AUTH_TOKEN", *(resume or "").split()]
    sent = base if origin == SAME else origin
    with connect(
        base.replace("http", "ws", 1) + path,
        origin=None if sent is None else Origin(sent),
        additional_headers=headers,
        subprotocols=[Subprotocol(each) for each in protocols],
        max_size=None,
        open_timeout=15,
    ) as connection:
        yield StreamlitClient(connection)
