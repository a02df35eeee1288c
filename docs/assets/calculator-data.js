// Written by `python -m streamways.costs.page`.
globalThis.costFigures = {
  "pricesOf": "2026-11-12",
  "region": "us-east-1",
  "prices": {
    "COMPUTE": 1.33334e-05,
    "REQUEST": 2e-07,
    "KEPT_WARM": 3.3334e-06,
    "RUNNING_WARM": 7.7778e-06,
    "SOCKET_MESSAGE": 1e-06,
    "SOCKET_MINUTE": 2.5e-07,
    "OPERATION": 4e-06,
    "UPDATE": 2e-06,
    "REALTIME_MINUTE": 8e-08,
    "WRITE": 6.25e-07,
    "READ": 1.25e-07,
    "STORAGE": 0.25,
    "METRIC": 0.3,
    "LOG": 0.5,
    "TRACE": 5e-06,
    "ALARM_METRIC": 0.1,
    "DASHBOARD": 3.0,
    "SECRET": 0.4,
    "SECRET_CALL": 5e-06,
    "EDGE_REQUEST": 1e-06,
    "EDGE_FUNCTION": 1e-07,
    "EDGE_TRANSFER": 0.085,
    "USER": 0.015,
    "TRANSFER": 0.09,
    "CONTAINER_CPU": 0.03238,
    "CONTAINER_MEMORY": 0.00356,
    "BALANCER": 0.0225,
    "BALANCER_UNIT": 0.008,
    "ADDRESS": 0.005,
    "AGENT_CPU": 0.0895,
    "AGENT_MEMORY": 0.00945,
    "FLUID_CPU": 0.128,
    "FLUID_MEMORY": 0.0106,
    "FLUID_REQUEST": 6e-07
  },
  "models": {
    "amazon.nova-micro-v1:0": {
      "input": 0.035,
      "output": 0.14
    },
    "amazon.nova-lite-v1:0": {
      "input": 0.06,
      "output": 0.24
    },
    "amazon.nova-pro-v1:0": {
      "input": 0.8,
      "output": 3.2
    },
    "us.amazon.nova-micro-v1:0": {
      "input": 0.035,
      "output": 0.14
    },
    "us.amazon.nova-lite-v1:0": {
      "input": 0.06,
      "output": 0.24
    },
    "us.amazon.nova-2-lite-v1:0": {
      "input": 0.33,
      "output": 2.75
    },
    "global.amazon.nova-2-lite-v1:0": {
      "input": 0.3,
      "output": 2.5
    },
    "us.anthropic.claude-haiku-4-5-20251001-v1:0": {
      "input": 1.1,
      "output": 5.5
    },
    "global.anthropic.claude-haiku-4-5-20251001-v1:0": {
      "input": 1.0,
      "output": 5.0
    },
    "openai.gpt-oss-20b-1:0": {
      "input": 0.07,
      "output": 0.3
    },
    "openai.gpt-oss-120b-1:0": {
      "input": 0.15,
      "output": 0.6
    }
  },
  "socketUnitBytes": 32768,
  "updateUnitBytes": 5120,
  "constants": {
    "WRITE_UNIT_BYTES": 1024,
    "START_WRITES": 17,
    "START_READS": 6,
    "HEARTBEAT_SECONDS": 1.0,
    "HEARTBEAT_READS": 1,
    "RENEW_SECONDS": 5.0,
    "FLUSH_SECONDS": 0.6,
    "FIRST_FLUSH_WRITES": 1,
    "JOURNAL_ITEM_BYTES": 230,
    "JOURNAL_COMPRESSION": 5,
    "END_WRITES": 9,
    "USAGE_ITEM_BYTES": 400,
    "ANSWER_ITEM_BYTES": 650,
    "TICKET_WRITES": 2,
    "READER_READS_A_SECOND": 5,
    "STORED_ITEM_BYTES": 100,
    "OTHER_FRAMES": 2,
    "CONTROL_PARTS": 6,
    "CONTROL_BATCHES": 2,
    "PART_BYTES": 41,
    "CONTROL_PART_BYTES": 100,
    "INVOCATION_LOG_BYTES": 400,
    "STREAM_LOG_BYTES": 1700,
    "METRICS": 12,
    "HOURS_OF_A_MONTH": 730,
    "CHAT_ITEM_BYTES": 400
  },
  "architectures": {
    "function-url": {
      "title": "Function URL",
      "worker": false,
      "transport": "http",
      "shortFunctions": 0,
      "envelopeBytes": 75,
      "claimWrites": 0,
      "readerWrites": 0,
      "awaitedFunctions": 1,
      "processorSeconds": 0.48
    },
    "websocket": {
      "title": "WebSocket API",
      "worker": true,
      "transport": "websocket",
      "shortFunctions": 5,
      "envelopeBytes": 180,
      "claimWrites": 1,
      "readerWrites": 2,
      "awaitedFunctions": 2,
      "processorSeconds": 0.58
    },
    "appsync": {
      "title": "AppSync",
      "worker": true,
      "transport": "appsync",
      "shortFunctions": 1,
      "envelopeBytes": 370,
      "claimWrites": 1,
      "readerWrites": 0,
      "awaitedFunctions": 2,
      "processorSeconds": 0.42
    }
  },
  "workload": {
    "model": "amazon.nova-lite-v1:0",
    "input_tokens": 500,
    "output_tokens": 300,
    "tokens_per_second": 60,
    "first_token_seconds": 0.3,
    "bytes_per_token": 5,
    "interval_seconds": 0.05,
    "memory_megabytes": 512,
    "short_function_seconds": 0.05,
    "connection_seconds": 60,
    "readers": 0
  },
  "idle": {
    "minutes": 43800,
    "sweep_seconds": 0.1,
    "sweep_read_units": 0.5,
    "memory_megabytes": 512
  },
  "sizes": {
    "a pilot": {
      "users": 50,
      "answers": 1000,
      "busy_hours": 200
    },
    "a product": {
      "users": 2000,
      "answers": 100000,
      "busy_hours": 730
    },
    "a platform": {
      "users": 100000,
      "answers": 5000000,
      "busy_hours": 730
    }
  },
  "previewDays": 3,
  "previewBusyHours": 10
};
