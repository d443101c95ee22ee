"""The table of outputs: options, names, factories."""

from __future__ import annotations

from dataclasses import fields

import pytest

from realtime_style.sinks.outputs import OUTPUTS, OutputOptions, output_factories
from realtime_style.web.address import parse_address

ASKED = {"mjpeg": "8082", "virtual_camera": "auto", "stream": "rtmp://example.org/live/key"}


def test_each_option_has_an_output_of_its_own() -> None:
    assert [spec.field for spec in OUTPUTS] == [entry.name for entry in fields(OutputOptions)]
    assert len({spec.name for spec in OUTPUTS}) == len(OUTPUTS)


def test_only_outputs_that_are_asked_for_are_opened() -> None:
    assert output_factories(OutputOptions()) == {}
    assert list(output_factories(OutputOptions(mjpeg="8082"))) == ["second screen"]
    assert len(output_factories(OutputOptions(**ASKED))) == len(OUTPUTS)


@pytest.mark.parametrize("name", ASKED)
def test_every_output_shows_the_picture_elsewhere(name: str) -> None:
    assert OutputOptions(**{name: ASKED[name]}).shown_elsewhere
    assert not OutputOptions().shown_elsewhere


@pytest.mark.parametrize("url", ["http://example.org/live", "example.org", ""])
def test_stream_that_is_no_rtmp_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="stream must be an RTMP address"):
        OutputOptions(stream=url)


@pytest.mark.parametrize("where", ["", "eighty", "0", "70000", "127.0.0.1:", "::"])
def test_address_without_a_port_is_refused(where: str) -> None:
    with pytest.raises(ValueError, match="such as 8082"):
        parse_address(where)
