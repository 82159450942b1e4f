"""What Redis keeps for a broker: its keys, and the scripts, in Lua, that change it in one step.

A channel is a stream with one consumer group. What is on loan is pending in the group; `later` is a
sorted set with those of them that wait for another attempt, by the time at which it is due. What
its sender wants later is in another one, `delayed`, whole, and goes into the stream when it is due.
The number of deliveries, which Redis counts, tells one loan of a message from the next; so one
consumer does for everybody, and none is left behind by a worker that died.

Rule: a message changes its place inside of one script, so that it is never in neither place,
whoever dies; and each step is one command or one script, which does no harm when it is done once
more because its reply was lost on the way.

``KEYS`` of a script are the stream, `later`, the stream of the dead letters, and `delayed`, as far
as it needs them. All of them are in one slot of a cluster.
"""

import asyncio
import json
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from redis import exceptions
from redis.asyncio import RedisCluster

from asgi_routes.worker.contract import BrokerFullError

GROUP = "workers"
_LONGEST_PAUSE, _LONGEST_PAUSE_IN_CLUSTER = 1.0, 2.0
"""Seconds after which a channel that waits looks for messages that came back; far below any
timeout."""

_LONGEST_READ_IN_CLUSTER = 10.0
"""Seconds that a read of one channel may wait there, where no read is for several."""

Entry: TypeAlias = tuple[bytes, dict[bytes, bytes]]
"""Its id, and its fields."""

_TIME = """
local function tell_time()
    local time = redis.call('TIME')
    return time[1] * 1000 + math.floor(time[2] / 1000)
end
"""

_ADD = """
local function add(capacity, data, id, headers, due)
    if redis.call('EXISTS', KEYS[1]) == 0 then
        -- Now there is memory for it; and what was sent before the first worker is for it, too.
        redis.call('XGROUP', 'CREATE', KEYS[1], 'workers', '0', 'MKSTREAM')
    end
    local held = redis.call('XLEN', KEYS[1]) + redis.call('ZCARD', KEYS[4])
    if capacity ~= '' and held >= tonumber(capacity) then
        return 0
    end
    if due then
        redis.call('ZADD', KEYS[4], due, cmsgpack.pack({data, id, headers}))
    else
        redis.call('XADD', KEYS[1], '*', 'data', data, 'id', id, 'headers', headers)
    end
    return 1
end
"""

PUT = (
    _TIME
    + _ADD
    + """
local delay = tonumber(ARGV[5])
return add(ARGV[1], ARGV[2], ARGV[3], ARGV[4], delay > 0 and tell_time() + delay)
"""
)
"""Arguments: the capacity or nothing, the fields, and the delay in ms. Returns whether there was
room."""

REPLAY = (
    _ADD
    + """
if #redis.call('XRANGE', KEYS[3], ARGV[5], ARGV[5]) == 0 then return -1 end
if add(ARGV[1], ARGV[2], ARGV[3], ARGV[4]) == 0 then return 0 end
redis.call('XDEL', KEYS[3], ARGV[5])
return 1
"""
)
"""Arguments: the capacity or nothing, the fields, and the dead letter. Returns whether there was
room, or -1 where there is no such letter."""

DEPTH = """
local pending = redis.pcall('XPENDING', KEYS[1], 'workers')
local lent = pending.err and 0 or pending[1]
local later = redis.call('ZCARD', KEYS[2])
return {
    math.max(0, redis.call('XLEN', KEYS[1]) - lent),
    math.max(0, lent - later),
    later + redis.call('ZCARD', KEYS[4]),
    redis.call('XLEN', KEYS[3]),
}
"""
"""Returns how many messages wait, are on loan, wait for their time, and are dead."""

_DUE = """
local function move_delayed(stream, delayed, now)
    for _, packed in ipairs(redis.call('ZRANGEBYSCORE', delayed, '-inf', now, 'LIMIT', 0, 100)) do
        local fields = cmsgpack.unpack(packed)
        local added = redis.pcall(
            'XADD', stream, '*', 'data', fields[1], 'id', fields[2], 'headers', fields[3])
        if added.err then break end  -- There is no memory left; others can be taken all the same.
        redis.call('ZREM', delayed, packed)
    end
end
local function find_next(later, delayed, now)
    local due
    for _, set in ipairs({later, delayed}) do
        local first = redis.call('ZRANGE', set, 0, 0, 'WITHSCORES')[2]
        if first and (not due or tonumber(first) < due) then due = tonumber(first) end
    end
    return due and math.max(0, due - now)
end
"""

TAKE = (
    _TIME
    + _DUE
    + """
local stream, later, delayed, group, lease = KEYS[1], KEYS[2], KEYS[4], ARGV[1], ARGV[2]
local room, lent = tonumber(ARGV[4]), {}

local function lend(id)
    redis.call('ZREM', later, id)
    local entry = redis.call('XCLAIM', stream, group, 'worker', 0, id)[1]
    if entry then
        local pending = redis.call('XPENDING', stream, group, id, id, 1)[1]
        table.insert(lent, {entry[1], entry[2], pending[4]})
    else
        redis.call('XACK', stream, group, id)  -- It was deleted by others.
    end
    return #lent >= room
end

local now = tell_time()
move_delayed(stream, delayed, now)
for _, id in ipairs(redis.call('ZRANGEBYSCORE', later, '-inf', now, 'LIMIT', 0, 100)) do
    if lend(id) then return lent end
end
if ARGV[3] == '1' then
    for _, idle in ipairs(redis.call('XPENDING', stream, group, 'IDLE', lease, '-', '+', 100)) do
        if redis.call('ZSCORE', later, idle[1]) then
            -- It waits for longer than a lease; look elsewhere for as long as another one.
            redis.call('XCLAIM', stream, group, 'worker', 0, idle[1], 'JUSTID')
        elseif lend(idle[1]) then
            return lent
        end
    end
end
local new = redis.call(
    'XREADGROUP', 'GROUP', group, 'worker', 'COUNT', room - #lent, 'STREAMS', stream, '>')
for _, entry in ipairs(new and new[1][2] or {}) do
    table.insert(lent, {entry[1], entry[2], 1})
end
if #lent > 0 then return lent end
return find_next(later, delayed, now)
"""
)
"""Arguments: the group, the lease in ms, whether to look for leases that ran out, and for how many
entries there is room. Returns entries, each with the number of its deliveries; or in how many ms
the next one is due; or nothing."""

LOOK = (
    _TIME
    + _DUE
    + """
local now, found, keys = tell_time(), {}, {}
for _, key in ipairs(KEYS) do table.insert(keys, key) end
for _, key in ipairs(cjson.decode(ARGV[3])) do table.insert(keys, key) end
for first = 1, #keys, 4 do
    local stream, later, delayed = keys[first], keys[first + 1], keys[first + 3]
    move_delayed(stream, delayed, now)
    local due = find_next(later, delayed, now)
    local idle = redis.pcall('XPENDING', stream, ARGV[1], 'IDLE', ARGV[2], '-', '+', 1)
    if idle.err or #idle > 0 then due = 0 end
    if due then
        table.insert(found, (first - 1) / 4)
        table.insert(found, due)
    end
end
return found
"""
)
"""On the keys of many channels; arguments: the group, the lease in ms, and, in JSON, those keys that
are in other slots of the same server. Returns pairs: the index of a channel, and in how many ms
something is due there that came back, or has to be seen to."""

_HELD = """\
local function is_held()
    local pending = redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[2], ARGV[2], 1)[1]
    return pending and pending[4] == tonumber(ARGV[3])
        and not redis.call('ZSCORE', KEYS[2], ARGV[2])
end
"""
"""Arguments of those that begin with it: the group, the entry, and the number of the delivery."""

ACK = """
local group = table.remove(ARGV, 1)
redis.call('XACK', KEYS[1], group, unpack(ARGV))
redis.call('XDEL', KEYS[1], unpack(ARGV))
redis.call('ZREM', KEYS[2], unpack(ARGV))
"""
"""Arguments: the group, and any number of entries."""

GIVE_BACK = (
    _TIME
    + _HELD
    + """
if not is_held() then return end
redis.call('XCLAIM', KEYS[1], ARGV[1], 'worker', 0, ARGV[2], 'RETRYCOUNT', ARGV[3] - 1, 'JUSTID')
redis.call('ZADD', KEYS[2], tell_time(), ARGV[2])
"""
)
"""Makes a delivery undone that nobody has seen."""

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
    _TIME
    + _HELD
    + """
if not is_held() then return end
redis.call('ZADD', KEYS[2], tell_time() + ARGV[4], ARGV[2])
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
if ARGV[6] ~= '' then redis.call('XTRIM', KEYS[3], 'MAXLEN', ARGV[6]) end
redis.call('XACK', KEYS[1], ARGV[1], ARGV[2])
redis.call('XDEL', KEYS[1], ARGV[2])
"""
)
"""Three more arguments: the channel, the reason, and how many dead letters are kept, or nothing."""


class Streams:
    """The keys of a broker in Redis, and what is asked of them.

    Args:
        client: of redis.asyncio, also one of a cluster.
        prefix: of every key. It makes a hash tag together with the channel, so that all keys of a
            channel are in one slot of a cluster, and different channels in different ones.
        lease: seconds.

    Attributes:
        channels: the key of a set: the channels that messages have been sent to.
        is_cluster: whether the client is one of a cluster, where keys of channels are in slots.
        pause: seconds after which channels that wait are looked at for messages that came back.
        longest_read: seconds that a read may wait.
    """

    def __init__(self, client: Any, prefix: str, lease: float) -> None:
        self.client = client
        self.lease = lease
        self.channels = f"{prefix}:channels"
        self.is_cluster = isinstance(client, RedisCluster)
        timeout = _get_timeout(client)
        longest = _LONGEST_PAUSE_IN_CLUSTER if self.is_cluster else _LONGEST_PAUSE
        self.pause = self.longest_read = min(longest, lease / 4, timeout / 2)
        if self.is_cluster:
            self.longest_read = min(_LONGEST_READ_IN_CLUSTER, max(timeout / 2, timeout - 1))
        self._prefix = prefix
        self._known: set[str] = set()
        self._scripts: dict[str, Any] = {}
        self._keys: dict[str, list[str]] = {}

    def name_keys(self, channel: str) -> list[str]:
        """Return the keys of a channel, as the scripts take them."""
        if (keys := self._keys.get(channel)) is None:
            tag = f"{{{self._prefix}:{channel}}}"
            keys = [f"{tag}:{name}" for name in ("stream", "later", "dead", "delayed")]
            self._keys[channel] = keys
        return keys

    def name_dead(self, channel: str) -> str:
        """Return the key of the dead letters of a channel."""
        return self.name_keys(channel)[2]

    def name_mark(self, mark: str) -> str:
        """Return the key of a mark."""
        return f"{self._prefix}:mark:{mark}"

    async def run(self, script: str, channels: Iterable[str], *arguments: Any) -> Any:
        """Run a script on the keys of channels, and return what it returns."""
        if (registered := self._scripts.get(script)) is None:
            registered = self._scripts[script] = self.client.register_script(script)
        keys = [key for channel in channels for key in self.name_keys(channel)]
        return await registered(keys, arguments)

    async def read(self, channels: Iterable[str], *how: Any) -> dict[str, list[Entry]]:
        """Return entries that nobody has had yet, by their channel.

        Args:
            channels: at least one.
            how: options of XREADGROUP.
        """
        streams = {self.name_keys(channel)[0].encode(): channel for channel in channels}
        question = ("XREADGROUP", "GROUP", GROUP, "worker", *how, "STREAMS", *streams)
        reply = await self._ask(*question, *([">"] * len(streams)), key=next(iter(streams)))
        return {streams[stream]: entries for stream, entries in find_entries(reply).items()}

    async def look(self, channels: Sequence[str]) -> dict[str, int]:
        """Return in how many ms something is due in channels that came back, as far as it is.

        Args:
            channels: of one server, as `group` has them.
        """
        lease = int(self.lease * 1000)
        # Redis lets no question name the keys of several slots; a script may use them.
        first, others = (channels[:1], channels[1:]) if self.is_cluster else (channels, [])
        keys = [key for channel in others for key in self.name_keys(channel)]
        due: list[int] = await self.run(LOOK, first, GROUP, lease, json.dumps(keys))
        return {channels[index]: ms for index, ms in zip(due[::2], due[1::2], strict=True)}

    def group(self, channels: Iterable[str]) -> list[list[str]]:
        """Return channels, grouped by the server that has them."""
        groups: dict[Any, list[str]] = {}
        for channel in channels:
            node = self._find_node(self.name_keys(channel)[0])
            groups.setdefault(getattr(node, "name", None), []).append(channel)
        return [*groups.values()]

    def _find_node(self, key: Any) -> Any:
        """Return the node of a cluster that has a key, as far as is known."""
        if not self.is_cluster:
            return None
        try:
            return self.client.get_node_from_key(key)
        except exceptions.RedisClusterException:
            return None

    async def _ask(self, *command: Any, key: bytes) -> Any:
        """Return the reply to a command that is about a key.

        The client of a cluster asks a server what the keys of some commands are, each time; so it
        is told the node here, unless that is somewhere else by now.
        """
        if (node := self._find_node(key)) is not None:
            try:
                return await self.client.execute_command(*command, target_nodes=node)
            except exceptions.RedisError as error:
                if means_no_group(error):
                    raise
        return await self.client.execute_command(*command)

    async def put(self, channel: str, capacity: int | None, *fields: Any, delay: float) -> None:
        """Add a message to a channel that may hold so many.

        Raises:
            BrokerFullError: it does already, or the server has no memory left.
        """
        milliseconds = math.ceil(delay * 1000)
        if not await self.add(PUT, channel, capacity, *fields, milliseconds):
            raise BrokerFullError(channel, capacity)

    async def add(
        self,
        script: str,
        channel: str,
        capacity: int | None,
        data: bytes,
        message_id: str,
        headers: Mapping[str, str],
        *more: Any,
    ) -> int:
        """Run a script that adds a message, and return what it returns.

        Raises:
            BrokerFullError: the server has no memory left.
        """
        limit = "" if capacity is None else capacity
        try:
            await self.note(channel)
            told = await self.run(
                script, [channel], limit, data, message_id, json.dumps(headers), *more
            )
        except exceptions.ResponseError as error:
            if "used memory > 'maxmemory'" not in str(error):
                raise
            raise BrokerFullError(channel) from error
        return int(told)

    async def note(self, channel: str) -> None:
        """Write down that there is a channel: its keys are found by its name, and by nothing else."""
        if channel not in self._known:
            await self.client.sadd(self.channels, channel)
            self._known.add(channel)

    async def note_again(self, channel: str) -> None:
        """Write it down unless it is there; the server may have forgotten everything meanwhile."""
        # Asked first, because a server that is full lets nobody write.
        if not await self.client.sismember(self.channels, channel):
            await self.client.sadd(self.channels, channel)

    async def list_channels(self) -> list[str]:
        """Return the channels that were written down."""
        return sorted(name.decode() for name in await self.client.smembers(self.channels))


def find_entries(reply: Any) -> dict[bytes, list[Entry]]:
    """Return the entries in a reply to XREADGROUP, by their stream.

    On the wire it has two shapes, and each version of the client makes others of them.

    >>> find_entries([[b"stream", [[b"1-0", [b"id", b"a"]]]]])
    {b'stream': [(b'1-0', {b'id': b'a'})]}
    >>> find_entries({b"stream": [[(b"1-0", {b"id": b"a"})]]})
    {b'stream': [(b'1-0', {b'id': b'a'})]}
    """
    if not reply:
        return {}
    pairs = reply.items() if isinstance(reply, dict) else reply
    return {stream: _read_entries(entries) for stream, entries in pairs}


def read_fields(fields: Any) -> dict[bytes, bytes]:
    """Return the fields of an entry.

    >>> read_fields([b"id", b"a"]), read_fields({b"id": b"a"})
    ({b'id': b'a'}, {b'id': b'a'})
    """
    return fields if isinstance(fields, dict) else dict(zip(fields[::2], fields[1::2], strict=True))


def means_no_group(error: Exception) -> bool:
    """Tell whether a server says that a stream, or its group, is not there."""
    return "NOGROUP" in str(error)


def _read_entries(entries: Any) -> list[Entry]:
    while not isinstance(entries[0][0], bytes):
        entries = entries[0]
    return [(entry, read_fields(fields)) for entry, fields in entries]


def _get_timeout(client: Any) -> float:
    """Return the seconds after which a client waits no longer for a reply."""
    pool = getattr(client, "connection_pool", client)  # A cluster's client has the options itself.
    timeout: float | None = pool.connection_kwargs.get("socket_timeout")
    return math.inf if timeout is None else timeout


async def end_in_time(tasks: Collection[asyncio.Task[None]], seconds: float) -> None:
    """Wait until tasks have ended and left; those that take longer are cancelled."""
    while tasks:
        _, pending = await asyncio.wait([*tasks], timeout=seconds)
        for task in pending:
            task.cancel()
