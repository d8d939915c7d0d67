"""The embedded event store: chdb behind the part of ClickHouse's HTTP interface that `clickhouse-connect` uses."""
