"""The frames of an identity reader: byte for byte, cut anyhow, forged, and of any bytes at all."""

import json
import os
import threading
import tracemalloc
import tty
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from itertools import pairwise
from typing import Final

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from reader_agent.documents.samv import (
    LINE_ERRORS,
    MOST,
    PREAMBLE,
    Answer,
    Command,
    Faulty,
    IdFault,
    Inbox,
    SerialLine,
    Sw,
    framed,
)
from tests.reader.idreader import SHARED

VECTORS: Final = json.loads((SHARED / "fixtures/vectors.json").read_text(encoding="utf-8"))
FRAMES: Final = {one["what"]: bytes.fromhex(one["hex"]) for one in VECTORS["samv_frames"]}
DONE: Final = b"\x00\x00\x90"
PIECES: Final = st.lists(st.binary(max_size=80), max_size=30)


def taken(pieces: Iterable[bytes], keeps: int = MOST) -> Answer | None:
    """The first answer in the pieces, as a line hands them on."""
    inbox = Inbox(keeps)
    for piece in pieces:
        answer = inbox.take(piece)
        if answer is not None:
            return answer
    return None


def taken_or_not(pieces: Iterable[bytes], keeps: int) -> Answer | ValueError | None:
    try:
        return taken(pieces, keeps)
    except ValueError as error:
        return error


def cut(whole: bytes, places: Iterable[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(whole) + 1) for place in places), len(whole)]
    return [whole[start:end] for start, end in pairwise(edges)]


@pytest.mark.parametrize("what", FRAMES)
def test_a_frame_is_made_byte_for_byte_as_published(what: str) -> None:
    assert framed(FRAMES[what][7:-1]) == FRAMES[what]


@pytest.mark.parametrize(
    ("command", "what"),
    [
        (Command.STATUS, "status"),
        (Command.SAM_ID, "SAM id"),
        (Command.FIND, "find"),
        (Command.SELECT, "select"),
        (Command.READ, "read base"),
    ],
)
def test_a_command_is_the_published_frame(command: Command, what: str) -> None:
    assert framed(command.body) == FRAMES[what]


def test_fingerprints_and_addresses_are_no_commands_of_ours() -> None:
    bodies = {command.body for command in Command}
    assert bodies.isdisjoint(
        FRAMES[what][7:-1] for what in ("read base+finger", "read new address")
    )


@pytest.mark.parametrize(
    ("what", "sw", "size"),
    [
        ("find ok", Sw.FOUND, 4),
        ("find failed", Sw.NOT_FOUND, 0),
        ("select ok", Sw.DONE, 8),
        ("select failed", 0x81, 0),
        ("read failed", 0x41, 0),
    ],
)
def test_an_answer_is_read_as_published(what: str, sw: int, size: int) -> None:
    assert taken([FRAMES[what]]) == Answer(sw, size, bytearray(size))


@given(
    junk=st.binary(max_size=200).filter(lambda junk: PREAMBLE not in junk + PREAMBLE[:-1]),
    data=st.binary(max_size=1500),
    places=st.lists(st.integers(min_value=0), max_size=20),
    keeps=st.integers(0, 300),
)
@example(junk=PREAMBLE[:-1], data=PREAMBLE, places=[3, 4, 5, 6, 7, 8, 9], keeps=5)
def test_an_answer_is_found_behind_any_junk_and_however_it_is_cut(
    junk: bytes, data: bytes, places: list[int], keeps: int
) -> None:
    answer = taken(cut(junk + framed(DONE + data) + b"\xaa behind", places), keeps)
    assert answer == Answer(Sw.DONE, len(data), bytearray(data[:keeps]))


@given(PIECES, st.integers(0, 300))
def test_any_bytes_give_an_answer_nothing_or_the_one_error(pieces: list[bytes], keeps: int) -> None:
    answer = taken_or_not(pieces, keeps)
    if isinstance(answer, ValueError):
        assert not answer.args, "what came off a card stays out of messages"
    elif answer is not None:
        assert len(answer.data) <= min(keeps, answer.size) <= MOST


@settings(max_examples=300)
@given(st.binary(min_size=2, max_size=2), PIECES)
def test_no_answer_is_longer_than_its_frame_declares(counted: bytes, pieces: list[bytes]) -> None:
    declared = int.from_bytes(counted, "big")
    try:
        answer = taken([PREAMBLE + counted, *pieces])
    except ValueError:
        return
    assert 4 <= declared <= MOST
    came = b"".join(pieces)
    assert (answer is not None) == (len(came) >= declared)
    if answer is not None:
        assert answer.data == came[3 : declared - 1]
        assert answer.size == declared - 4


@pytest.mark.parametrize("length", [0, 3, MOST + 1, 0xFFFF])
def test_an_impossible_length_is_refused_before_anything_is_kept(length: int) -> None:
    with pytest.raises(ValueError, match=r"^$"):
        taken([PREAMBLE + length.to_bytes(2, "big")])


def test_one_wrong_bit_anywhere_is_noticed() -> None:
    whole = framed(DONE + b"data")
    for bit in range(len(PREAMBLE) * 8, len(whole) * 8):
        wrong = bytearray(whole)
        wrong[bit // 8] ^= 1 << bit % 8
        try:
            assert taken([bytes(wrong)]) is None  # a longer one was announced and never came
        except ValueError:
            continue


def test_however_much_comes_little_is_kept() -> None:
    inboxes = [Inbox(260), Inbox(260)]
    inboxes[1].take(PREAMBLE + MOST.to_bytes(2, "big"))
    piece = PREAMBLE[:-1] * 500
    tracemalloc.start()
    try:
        for _ in range(2000):  # 4 MB of junk
            inboxes[0].take(piece)
        for at in range(MOST - 1):
            inboxes[1].take(bytes([at % 251]))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 32_000


@pytest.mark.requirement("000-4.2-c")
def test_the_photo_goes_by_and_is_not_kept() -> None:
    text, photo = b"\x4b\x6d" * 128, b"WLf" + bytes(1021)
    answer = taken([framed(DONE + b"\x01\x00\x04\x00" + text + photo)], Command.READ.keeps)
    assert answer is not None
    assert answer == Answer(Sw.DONE, 4 + 256 + 1024, bytearray(b"\x01\x00\x04\x00" + text))
    assert "data" not in repr(answer)
    answer.wipe()
    assert not any(answer.data)


@contextmanager
def answering(*answers: bytes, before: bytes = b"") -> Generator[SerialLine]:
    """A line whose far end gives these answers, one for each command, whatever was asked.

    `before` lies on the line when the first command is sent.
    """
    far, near = os.openpty()
    tty.setraw(near)
    waiting = list(answers)

    def answer() -> None:
        while waiting:
            os.read(far, 100)
            os.write(far, waiting.pop(0))

    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    line = SerialLine(os.ttyname(near))
    os.write(far, before)
    try:
        yield line
        thread.join(5)
    finally:
        line.close()
        os.close(near)
        os.close(far)


def sizes(text: int, photo: int) -> bytes:
    return text.to_bytes(2, "big") + photo.to_bytes(2, "big")


@pytest.mark.parametrize(
    "answer",
    [
        framed(DONE),
        framed(DONE + sizes(256, 1024) + bytes(256)),  # no photo behind the text
        framed(DONE + sizes(128, 1024) + bytes(128 + 1024)),
        framed(DONE + sizes(256, 1024) + bytes(256 + 1025)),
        PREAMBLE + b"\xff\xff" + bytes(2000),
        framed(DONE + sizes(256, 0) + bytes(256))[:-1] + b"\x01",
    ],
)
def test_a_text_of_another_size_than_it_says_is_a_bad_frame(answer: bytes) -> None:
    with answering(answer) as line, pytest.raises(Faulty) as caught:
        line.text()
    assert repr(caught.value) == "Faulty('id_bad_frame', 'read')"


@pytest.mark.parametrize(
    ("sw", "command", "code"),
    [
        (0x10, Command.FIND, IdFault.BAD_FRAME),
        (0x31, Command.SELECT, IdFault.REFUSED),
        (0x32, Command.READ, IdFault.FORGED),
        (0x33, Command.READ, IdFault.FORGED),
        (0x40, Command.SELECT, IdFault.SELECT_FAILED),
        (0x41, Command.READ, IdFault.READ_FAILED),
        (0x47, Command.READ, IdFault.READ_FAILED),
        (0x60, Command.STATUS, IdFault.SELF_TEST),
        (0x66, Command.FIND, IdFault.UNAUTHORISED),
        (0x81, Command.SELECT, IdFault.SELECT_FAILED),
    ],
)
def test_a_status_byte_has_one_meaning(sw: int, command: Command, code: IdFault) -> None:
    with answering(framed(bytes([0, 0, sw]))) as line, pytest.raises(Faulty) as caught:
        line.done(command)
    assert (caught.value.code, caught.value.stage) == (code, command.stage)
    assert caught.value.sw == f"{sw:02x}"


def test_the_number_of_the_security_module_is_written_as_it_is_printed() -> None:
    raw = bytes.fromhex(VECTORS["sam_id"]["raw"])
    with answering(framed(DONE + raw)) as line:
        assert line.sam_id() == VECTORS["sam_id"]["text"]
    with answering(framed(DONE + raw[:-1])) as line, pytest.raises(Faulty) as caught:
        line.sam_id()
    assert caught.value.code is IdFault.BAD_FRAME


def test_a_port_has_one_master() -> None:
    far, near = os.openpty()
    line = SerialLine(os.ttyname(near))
    with pytest.raises(LINE_ERRORS):
        SerialLine(os.ttyname(near))
    line.close()
    SerialLine(os.ttyname(near)).close()
    for end in (far, near):
        os.close(end)


def test_an_answer_that_came_too_late_is_not_taken_for_the_next_one() -> None:
    late = framed(b"\x00\x00\x9f" + bytes(4))
    with answering(framed(b"\x00\x00\x80"), before=late) as line:
        assert line.ask(Command.FIND).sw == Sw.NOT_FOUND


@pytest.mark.parametrize("stage", ["idle", "find"])
def test_a_pulled_cable_is_one_fault_whatever_the_system_calls_it(stage: str) -> None:
    far, near = os.openpty()
    line = SerialLine(os.ttyname(near))
    for end in (near, far):
        os.close(end)
    with pytest.raises(Faulty) as caught:
        line.touch() if stage == "idle" else line.ask(Command.FIND)
    assert (caught.value.code, caught.value.stage) == (IdFault.UNPLUGGED, stage)
    line.close()
