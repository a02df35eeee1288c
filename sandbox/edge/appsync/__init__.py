"""AppSync GraphQL: the API over HTTP and its real-time protocol, as the World has its schemas, resolvers, data sources.

`service.routes` serves it; `schema.check_schema` and `resolver_code.check_resolver` refuse at deploy time what AppSync
would refuse, or what is not emulated here. How the rest hangs together: `service` and `realtime` say it.
"""
