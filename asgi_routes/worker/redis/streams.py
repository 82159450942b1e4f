"""What Redis keeps for a broker: its keys, and the scripts, in Lua, that change it in one step.

A channel is a stream with one consumer group. What is on loan is pending in the group; `later` is a
sorted set with those of them that wait for another attempt, by the time at which it is due. The
number of deliveries, which Redis counts, tells one loan of a message from the next; so one consumer
does for everybody, and none is left behind by a worker that died.

Rule: a message changes its place inside of one script, so that it is never in neither place,
whoever dies; and each step is one command or one script, which does no harm when it is done once
more because its reply was lost on the way.

``KEYS`` of a script are the stream, `later`, and the stream of the dead letters, as far as it needs
them.
"""

import json
from collections.abc import Mapping
from typing import Any

from redis import exceptions
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff

from asgi_routes.worker.contract import BrokerFullError

GROUP = "workers"
_TIMEOUT = 5.0
"""Seconds that a server may take for anything, unless the URL says otherwise."""
_RETRIES, _FIRST_PAUSE, _LONGEST_PAUSE = 4, 0.1, 0.5
"""How often a command is tried again when the server is away, so that a restart costs nothing."""

PUT = """
if ARGV[1] ~= '' and redis.call('XLEN', KEYS[1]) >= tonumber(ARGV[1]) then
    return 0
end
redis.call('XADD', KEYS[1], '*', 'data', ARGV[2], 'id', ARGV[3], 'headers', ARGV[4])
return 1
"""
"""Arguments: the capacity or nothing, and the fields. Returns whether there was room."""

TAKE = """
local stream, later, group, lease = KEYS[1], KEYS[2], ARGV[1], ARGV[2]

local function lend(id)
    redis.call('ZREM', later, id)
    local entry = redis.call('XCLAIM', stream, group, 'worker', 0, id)[1]
    if entry then
        local pending = redis.call('XPENDING', stream, group, id, id, 1)[1]
        return {entry[1], entry[2], pending[4]}
    end
    redis.call('XACK', stream, group, id)  -- It was deleted by others.
end

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for _, id in ipairs(redis.call('ZRANGEBYSCORE', later, '-inf', now, 'LIMIT', 0, 100)) do
    local entry = lend(id)
    if entry then return entry end
end
if ARGV[3] == '1' then
    for _, idle in ipairs(redis.call('XPENDING', stream, group, 'IDLE', lease, '-', '+', 100)) do
        if redis.call('ZSCORE', later, idle[1]) then
            -- It waits for longer than a lease; look elsewhere for as long as another one.
            redis.call('XCLAIM', stream, group, 'worker', 0, idle[1], 'JUSTID')
        else
            local entry = lend(idle[1])
            if entry then return entry end
        end
    end
end
local first = redis.call('ZRANGE', later, 0, 0, 'WITHSCORES')
return first[2] and math.max(1, first[2] - now)
"""
"""Arguments: the group, the lease in ms, and whether to look for leases that ran out. Returns an
entry with the number of its deliveries; or in how many ms the next one is due; or nothing."""

_HELD = """\
local function is_held()
    local pending = redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[2], ARGV[2], 1)[1]
    return pending and pending[4] == tonumber(ARGV[3])
        and not redis.call('ZSCORE', KEYS[2], ARGV[2])
end
"""
"""Arguments of this and all below: the group, the entry, and the number of the delivery."""

ACK = """
redis.call('XACK', KEYS[1], ARGV[1], ARGV[2])
redis.call('XDEL', KEYS[1], ARGV[2])
redis.call('ZREM', KEYS[2], ARGV[2])
"""

EXTEND = (
    _HELD
    + """
if not is_held() then return 0 end
redis.call('XCLAIM', KEYS[1], ARGV[1], 'worker', 0, ARGV[2], 'JUSTID')
return 1
"""
)
"""Returns whether the loan was still there."""

RETRY = (
    _HELD
    + """
if not is_held() then return end
local time = redis.call('TIME')
local due = time[1] * 1000 + math.floor(time[2] / 1000) + tonumber(ARGV[4])
redis.call('ZADD', KEYS[2], due, ARGV[2])
"""
)
"""One more argument: the delay in ms."""

DEAD = (
    _HELD
    + """
local entry = redis.call('XRANGE', KEYS[1], ARGV[2], ARGV[2])[1]
if not entry or not is_held() then return end
local fields = entry[2]
for _, fact in ipairs({'channel', ARGV[4], 'reason', ARGV[5], 'attempts', ARGV[3]}) do
    table.insert(fields, fact)
end
redis.call('XADD', KEYS[3], '*', unpack(fields))
redis.call('XACK', KEYS[1], ARGV[1], ARGV[2])
redis.call('XDEL', KEYS[1], ARGV[2])
"""
)
"""Two more arguments: the channel and the reason."""


class Streams:
    """Connections, and the names of the keys.

    Args:
        url: as redis-py has it.
        prefix: of every key; a hash tag, so that all of them are in one slot of a cluster.
        lease: seconds.
    """

    def __init__(self, url: str, prefix: str, lease: float) -> None:
        self.lease = lease
        self.prefix = f"{{{prefix}}}"
        self.dead = f"{self.prefix}:dead"
        # Typed as Any: its types are unions of all that any version and any protocol returns.
        client: Any = Redis
        self.client = client.from_url(
            url,
            socket_timeout=_TIMEOUT,
            socket_connect_timeout=_TIMEOUT,
            retry=Retry(ExponentialBackoff(_LONGEST_PAUSE, _FIRST_PAUSE), _RETRIES),
            retry_on_error=[exceptions.ConnectionError, exceptions.TimeoutError],
        )
        # Each version of the client shapes this reply differently; on the wire it has two shapes.
        self.client.set_response_callback("XREADGROUP", lambda reply, **_: reply)

    def name_keys(self, channel: str) -> tuple[str, str]:
        """Return the keys of a channel: its stream, and those that wait for another attempt."""
        return f"{self.prefix}:stream:{channel}", f"{self.prefix}:later:{channel}"

    async def run(self, script: str, channel: str, *arguments: Any) -> Any:
        """Run a script on the keys of a channel, and return what it returns."""
        keys = [*self.name_keys(channel), self.dead]
        return await self.client.register_script(script)(keys, arguments)

    async def put(
        self,
        channel: str,
        data: bytes,
        message_id: str,
        headers: Mapping[str, str],
        capacity: int | None,
    ) -> None:
        """Add a message to a channel that may hold so many.

        Raises:
            BrokerFullError: it does already, or the server has no memory left.
        """
        limit = "" if capacity is None else capacity
        try:
            has_room = await self.run(PUT, channel, limit, data, message_id, json.dumps(headers))
        except exceptions.ResponseError as error:
            if "used memory > 'maxmemory'" not in str(error):
                raise
            raise BrokerFullError(channel) from error
        if not has_room:
            raise BrokerFullError(channel, capacity)
