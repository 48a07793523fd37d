"""What wrk tells is read right, and what tells nothing is not taken for a measurement."""

from __future__ import annotations

import pytest

from bench.load import Load, LoadError, read

TOLD = """Running 2s test @ http://127.0.0.1:9000/
  1 threads and 32 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.66ms    1.20ms  20.11ms   95.34%
    Req/Sec    20.19k     2.01k   22.91k    85.00%
  Latency Distribution
     50%    1.44ms
     75%    1.66ms
     90%    2.14ms
     99%  870.00us
  40190 requests in 2.00s, 190.06MB read
Requests/sec:  20090.51
Transfer/sec:     95.01MB
"""


def test_report_is_read() -> None:
    assert read(TOLD) == Load(20090.51, 40190, 0.87)


@pytest.mark.parametrize("line", ["  Non-2xx or 3xx responses: 7\n", "  Socket errors: connect 0, read 3, write 0, timeout 0\n"])
def test_failed_requests_tell_nothing(line: str) -> None:
    with pytest.raises(LoadError, match=line.split(":")[0].strip()):
        read(TOLD + line)


def test_no_request_tells_nothing() -> None:
    with pytest.raises(LoadError, match="told nothing"):
        read(TOLD.replace("40190 requests", "0 requests"))
