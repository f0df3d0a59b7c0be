"""The tree against its definition, the log's head against the C2SP texts."""

from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from models.merkle import (
    EMPTY_ROOT,
    Appender,
    Nodes,
    consistency_proof,
    edge_of,
    extends,
    includes,
    inclusion_proof,
    leaf_hash,
    leaf_hashes,
    nodes_to_add,
    root,
)
from models.notes import (
    BadNote,
    Checkpoint,
    Note,
    NoteKey,
    read_checkpoint,
    read_note,
    sign_note,
)

# RFC 6962's eight leaves, as certificate-transparency and transparency-dev/merkle test them.
LEAVES = [
    bytes.fromhex(leaf)
    for leaf in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
SIZES = st.integers(0, 130)


def naive_root(leaves: list[bytes]) -> bytes:
    """MTH(D[n]) as RFC 9162 section 2.1.1 defines it, on the entries themselves."""
    if len(leaves) < 2:
        return sha256(b"\x00" + leaves[0]).digest() if leaves else sha256().digest()
    middle = 1
    while middle * 2 < len(leaves):
        middle *= 2
    return sha256(b"\x01" + naive_root(leaves[:middle]) + naive_root(leaves[middle:])).digest()


def entries(size: int) -> list[bytes]:
    return [f"entry {number}".encode() for number in range(size)]


def kept(leaves: list[bytes]) -> Nodes:
    """The rows a database would hold of a tree of those entries."""
    table = {
        (level, index): found
        for level, index, found in nodes_to_add(0, leaf_hashes(leaves), lambda _l, _i: b"")
    }
    return lambda level, index: table[level, index]


@pytest.mark.parametrize("size", range(9))
def test_the_eight_leaves_of_rfc_6962_have_the_known_roots(size: int) -> None:
    assert root(size, kept(LEAVES)).hex() == ROOTS[size]


@given(st.lists(st.integers(0, 40), max_size=6))
def test_a_tree_grown_in_any_batches_is_the_tree_of_the_definition(batches: list[int]) -> None:
    leaves = entries(sum(batches))
    tree, table = Appender(0, []), dict[tuple[int, int], bytes]()
    for batch in batches:
        new = tree.append(leaf_hashes(leaves[tree.size : tree.size + batch]))
        places = {(level, index): found for level, index, found in new}
        assert len(places) == len(new)
        assert not places.keys() & table.keys()  # rows are only ever added
        table |= places
    assert tree.root() == naive_root(leaves)
    assert root(tree.size, lambda level, index: table[level, index]) == naive_root(leaves)


@given(SIZES, SIZES)
def test_a_tree_goes_on_from_its_right_edge(size: int, more: int) -> None:
    leaves = entries(size + more)
    nodes = kept(leaves[:size])
    tree = Appender(size, [nodes(level, index) for level, index in edge_of(size)])
    tree.append(leaf_hashes(leaves[size:]))
    assert tree.root() == naive_root(leaves)


@given(SIZES.filter(bool), st.data())
def test_an_entry_is_proved_where_it_stands_only(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    other = data.draw(st.integers(0, size - 1).filter(lambda place: place != index or size == 1))
    leaves = entries(size)
    proof = inclusion_proof(index, size, kept(leaves))
    leaf, head = leaf_hash(leaves[index]), naive_root(leaves)
    assert includes(leaf, index, size, head, proof)
    assert not includes(leaf_hash(b"another"), index, size, head, proof)
    assert not includes(leaf, index, size, EMPTY_ROOT, proof)
    assert not includes(leaf, index, size, head, [*proof, head])
    assert size == 1 or not includes(leaf, other, size, head, proof)
    assert not proof or not includes(leaf, index, size, head, proof[:-1])
    assert not includes(leaf, size, size, head, proof)


@given(SIZES, SIZES)
def test_a_later_tree_is_proved_to_hold_the_earlier_one(first: int, second: int) -> None:
    old, new = sorted((first, second))
    leaves = entries(new)
    proof = consistency_proof(old, new, kept(leaves))
    old_root, new_root = naive_root(leaves[:old]), naive_root(leaves)
    assert extends(old, new, old_root, new_root, proof)
    assert not extends(old, new, old_root, new_root, [*proof, new_root])
    assert not extends(old, new, sha256(b"another past").digest(), new_root, proof)
    assert old == 0 or not extends(old, new, old_root, sha256(b"fork").digest(), proof)
    assert not proof or not extends(old, new, old_root, new_root, proof[:-1])
    assert old == new or not extends(new, old, new_root, old_root, proof)


@given(SIZES.filter(bool), st.data())
def test_a_tampered_proof_proves_nothing(size: int, data: st.DataObject) -> None:
    leaves = entries(size + 1)
    proof = consistency_proof(size, size + 1, kept(leaves))
    place = data.draw(st.integers(0, len(proof) - 1))
    proof[place] = sha256(proof[place]).digest()
    assert not extends(size, size + 1, naive_root(leaves[:size]), naive_root(leaves), proof)


def test_proofs_of_what_is_not_there_are_not_made() -> None:
    nodes = kept(entries(4))
    with pytest.raises(ValueError, match="entry 4 of a tree of 4"):
        inclusion_proof(4, 4, nodes)
    with pytest.raises(ValueError, match="from a tree of 5 to one of 4"):
        consistency_proof(5, 4, nodes)
    with pytest.raises(ValueError, match="a tree of -1"):
        root(-1, nodes)


# The example of the signed note's first description (golang.org/x/mod/sumdb/note).
GO_VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb"
    "6KE6RyyBwJnAM=\n"
)
PRIVATE = Ed25519PrivateKey.from_private_bytes(b"\x07" * 32)
LOG = NoteKey("log.carrier.example/badges", PRIVATE.public_key().public_bytes_raw())
HEAD = Checkpoint(LOG.name, 70_001, sha256(b"root").digest())


def test_a_note_signed_by_another_program_is_verified() -> None:
    note = read_note(GO_NOTE)
    assert note.signers([NoteKey.from_vkey(GO_VKEY)]) == {"PeterNeumann"}
    assert str(note) == GO_NOTE


def test_a_verifier_key_is_read_as_it_was_written() -> None:
    assert NoteKey.from_vkey(LOG.vkey) == LOG
    assert NoteKey.from_vkey(GO_VKEY).vkey == GO_VKEY


@pytest.mark.parametrize(
    "vkey",
    [
        "",
        "name",
        "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a3+AhpcQQ==",
        "PeterNeumann+c74f20a3+!",
    ],
)
def test_a_broken_verifier_key_is_refused(vkey: str) -> None:
    with pytest.raises(BadNote):
        NoteKey.from_vkey(vkey)


@given(st.integers(0, 1 << 60), st.binary(min_size=32, max_size=32))
def test_a_signed_head_is_read_back(size: int, found: bytes) -> None:
    head = Checkpoint(LOG.name, size, found, ("tree of badges",))
    signed = str(sign_note(head.text, LOG, PRIVATE.sign))
    assert read_checkpoint(signed, LOG) == head


def test_a_head_whose_size_was_changed_is_refused() -> None:
    signed = str(sign_note(HEAD.text, LOG, PRIVATE.sign))
    with pytest.raises(BadNote, match="false signature"):
        read_checkpoint(signed.replace("70001", "70002"), LOG)


def test_a_head_of_another_log_under_our_key_is_refused() -> None:
    other = Checkpoint("log.other.example", 1, HEAD.root)
    signed = str(sign_note(other.text, LOG, PRIVATE.sign))
    with pytest.raises(BadNote, match="another log"):
        read_checkpoint(signed, LOG)


def test_signatures_of_strangers_are_passed_over() -> None:
    key = Ed25519PrivateKey.generate()
    witness = NoteKey("witness.example", key.public_key().public_bytes_raw())
    ours = sign_note(HEAD.text, LOG, PRIVATE.sign)
    theirs = sign_note(HEAD.text, witness, key.sign)
    both = Note(HEAD.text, ours.signatures + theirs.signatures)
    assert read_checkpoint(str(both), LOG) == HEAD
    assert read_note(str(both)).signers([LOG, witness]) == {LOG.name, witness.name}
    with pytest.raises(BadNote, match="not signed by"):
        read_checkpoint(str(theirs), LOG)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a\n",
        "a\nb\n",
        "a\n01\nAAAA\n",
        "a\n-1\nAAAA\n",
        f"a\n1\n{'A' * 43}=",
        f"a\n1\n{'A' * 42}B=\n",
        f"a\n1\n{'A' * 43}=\n\n",
    ],
)
def test_a_head_in_another_form_is_refused(text: str) -> None:
    with pytest.raises(BadNote):
        Checkpoint.from_text(text)


@given(st.text(max_size=300))
def test_no_text_does_more_to_the_reader_than_be_refused(text: str) -> None:
    for source in (text, f"{text}\n\n— {text}\n", f"a\n\n— a {text}\n"):
        try:
            read_checkpoint(source, LOG)
        except BadNote:
            continue
        pytest.fail("an unsigned text was taken for a head")
