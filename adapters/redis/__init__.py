"""Redis as the nervous system of several processes: it carries hints, and holds nothing that cannot be had from the store.

All keys of the work lie in one slot of a cluster ({freagra-work}), each gateway's bucket in one of its own. Redis 7.0 is
enough, and Valkey. Commands go through clients of this package's threads only, never through asyncio: a command that is
cancelled there may leave its answer on a connection for whoever comes next.
"""
