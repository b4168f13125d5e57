"""Whatever is done to the bytes or lines of a file: it holds no longer, and what was changed is named."""

from __future__ import annotations

from collections.abc import Callable
from os.path import commonprefix

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.evidence.conftest import faults, with_manifest


def named_lines(file: bytes) -> set[int]:
    return {line for line, _, _ in faults(file)}


@pytest.mark.parametrize(
    "instead",
    [
        pytest.param(lambda byte: bytes([byte ^ 1]), id="its lowest bit"),
        pytest.param(lambda byte: bytes([byte ^ 0x80]), id="its highest bit"),
        pytest.param(lambda byte: b"", id="taken out"),
        pytest.param(lambda byte: b"0" + bytes([byte]), id="a digit before it"),
        pytest.param(lambda byte: b" " + bytes([byte]), id="a space before it"),
        pytest.param(lambda byte: b"\n" + bytes([byte]), id="an end of line before it"),
    ],
)
def test_every_single_byte_is_watched_and_its_line_named(file: bytes, instead: Callable[[int], bytes]) -> None:
    unnamed = []
    for place, byte in enumerate(file):
        put = instead(byte)
        # An end of line before the end of a line makes an empty line of its own.
        line = file.count(b"\n", 0, place) + 1 + (put == b"\n\n")
        if line not in named_lines(file[:place] + put + file[place + 1 :]):
            unnamed.append((place, line))
    assert unnamed == []


@given(st.data())
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_bytes_put_in_place_of_others_are_named(file: bytes, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(file)))
    end = data.draw(st.integers(start, min(len(file), start + 200)))
    changed = file[:start] + data.draw(st.binary(max_size=200)) + file[end:]

    found = named_lines(changed)

    assert (found == set()) == (changed == file)
    # Ends of line in what was put in make lines of their own; the first that differs is always named.
    same = len(commonprefix([file, changed]))  # noqa: RUF071 - of bytes, not of paths
    lines = {text.count(b"\n", 0, same) + 1 for text in (file, changed)}
    assert changed == file or lines & found


def test_a_file_cut_off_anywhere_says_so_at_its_end(file: bytes) -> None:
    for end in range(len(file)):
        cut = file[:end]
        assert max(named_lines(cut)) >= cut.count(b"\n") + 1, end


def test_lines_swapped_taken_out_doubled_or_added_are_named(file: bytes) -> None:
    lines = file.splitlines(keepends=True)
    for one in range(len(lines)):
        assert one + 1 in named_lines(b"".join(lines[:one] + lines[one + 1 :])), f"{one} taken out"
        assert {one + 1, one + 2} & named_lines(b"".join([*lines[: one + 1], *lines[one:]])), f"{one} doubled"
        for other in range(one + 1, len(lines)):
            swapped = list(lines)
            swapped[one], swapped[other] = lines[other], lines[one]
            assert {one + 1, other + 1} <= named_lines(b"".join(swapped)), (one, other)
    assert faults(file + lines[3])[0][0] == len(lines) + 1


@pytest.mark.parametrize(
    ("was", "now"),
    [
        pytest.param("机房".encode(), b"\\u673a\\u623f", id="escaped characters"),
        pytest.param(b'"value":', b'"value": ', id="a space"),
        pytest.param(b'"none":null,"small":1e-07', b'"small":1e-07,"none":null', id="keys in another order"),
        pytest.param(b'"none":null', b'"none":null,"none":null', id="a key twice"),
        pytest.param(b"1e-07", b"0.0000001", id="a number spelled otherwise"),
        pytest.param(b"-0.0", b"-0.00", id="a zero more"),
        pytest.param(b"null", b"NaN", id="not a number"),
        pytest.param(b"null", b"1e999", id="a number beyond all"),
        pytest.param(b"null", b"9" * 5000, id="a number without end"),
        pytest.param(b"null", b"[" * 100_000, id="a nesting without end"),
        pytest.param(b"null", b'"\\ud800"', id="half a character"),
        pytest.param(b"null", b'"\xff"', id="no UTF-8"),
        pytest.param(b'{"at_ms"', b'\xef\xbb\xbf{"at_ms"', id="a byte order mark"),
        pytest.param(b"}\n", b"}\r\n", id="CRLF"),
        pytest.param(b"}\n", b"}\n\n", id="an empty line"),
    ],
)
def test_a_spelling_is_refused_even_under_a_manifest_that_fits_it(file: bytes, was: bytes, now: bytes) -> None:
    lines = file.splitlines(keepends=True)[:-1]
    assert was in lines[1]
    lines[1] = lines[1].replace(was, now)
    spelled = b"".join(lines).splitlines(keepends=True) if b"\n\n" in lines[1] else lines

    found = faults(with_manifest(spelled))

    assert found[0][0] in {2, 3}
    assert {line for line, section, _ in found if section in {"record", "unknown"}} & {2, 3}


def test_another_number_of_the_same_value_is_another_record(file: bytes) -> None:
    lines = file.splitlines(keepends=True)[:-1]
    lines[1] = lines[1].replace(b"27.0", b"27")

    assert faults(with_manifest(lines)) == [(2, "record", "content")]


def test_what_is_no_evidence_file_at_all_is_not_held() -> None:
    for nothing in (b"", b"\n", b"%PDF-1.7\n", b"{}\n", b"[]\n", b"5\n", b"null\n", b'"x"\n', b"\x00" * 1000):
        assert (1, "header", "format") in faults(nothing), nothing
