// Written by `python -m streamways.deciding.page`.
globalThis.decisionGuide = {
 "questions": [
  {
   "key": "answer",
   "text": "When must the user see the answer?",
   "options": {
    "growing": "While it grows. It takes 15 minutes at most",
    "whole": "When it is complete. It takes seconds, or is of no use before",
    "long": "While it grows, and it may take more than 15 minutes"
   }
  },
  {
   "key": "code",
   "text": "What is to run your code?",
   "options": {
    "python": "Lambda, in Python",
    "node": "Lambda, in Node.js",
    "containers": "Containers, which we operate already",
    "agents": "A runtime for agents, with a machine for each session",
    "platform": "A platform outside our AWS account that bills active CPU"
   }
  },
  {
   "key": "readers",
   "text": "Who follows one answer?",
   "options": {
    "one": "The tab that asked. Others may resume it",
    "devices": "Every open tab and device of the user, while it grows"
   }
  },
  {
   "key": "push",
   "text": "Does the server speak unasked?",
   "options": {
    "no": "No",
    "yes": "Yes, or the user interrupts it on the same connection"
   }
  },
  {
   "key": "clients",
   "text": "Where are the clients?",
   "options": {
    "internet": "On the internet",
    "private": "In a VPC or behind a VPN, without a way to the internet"
   }
  },
  {
   "key": "front",
   "text": "What has to stand before your code?",
   "options": {
    "none": "Nothing",
    "edge": "AWS WAF or a domain of ours",
    "gateway": "Usage plans, or an authorizer before our code runs"
   }
  },
  {
   "key": "api",
   "text": "What does the product speak today?",
   "options": {
    "http": "HTTP, or nothing yet",
    "graphql": "GraphQL over AppSync"
   }
  },
  {
   "key": "volume",
   "text": "How many answers in a month?",
   "options": {
    "some": "Less than a million, or unknown",
    "many": "A million or more"
   }
  }
 ],
 "ways": [
  {
   "key": "buffered",
   "title": "A buffered answer",
   "page": "alternatives.md#a-buffered-answer",
   "reason": "An answer in one piece is simpler than any stream: one `fetch`, an ordinary retry, and no adapter.",
   "begin": "Return JSON from the front that you have already.",
   "excluded": [
    {
     "when": {
      "answer": [
       "growing",
       "long"
      ]
     },
     "says": "It shows nothing before the answer is complete."
    },
    {
     "when": {
      "push": [
       "yes"
      ]
     },
     "says": "A response answers a request. It cannot push."
    },
    {
     "when": {
      "readers": [
       "devices"
      ]
     },
     "says": "A response reaches the client that asked, and no other device."
    }
   ],
   "also": [
    {
     "when": {
      "clients": [
       "private"
      ]
     },
     "says": "A private REST API or a private AppSync API serves clients without internet."
    },
    {
     "when": {
      "api": [
       "graphql"
      ]
     },
     "says": "An AppSync query with a Lambda resolver has 30 seconds."
    }
   ],
   "otherwise": ""
  },
  {
   "key": "function-url",
   "title": "Lambda function URL",
   "page": "architectures/function-url.md",
   "reason": "It has the fewest parts, the lowest cost and real HTTP status codes, and `useChat` works with it unchanged.",
   "begin": "`streamways copy function-url ../chat`",
   "excluded": [
    {
     "when": {
      "answer": [
       "long"
      ]
     },
     "says": "A function runs for 15 minutes at most."
    },
    {
     "when": {
      "code": [
       "containers"
      ]
     },
     "says": "You operate servers already. One process of theirs waits for many answers at once; Lambda bills each wait."
    },
    {
     "when": {
      "code": [
       "agents"
      ]
     },
     "says": "Lambda keeps no machine for a session."
    },
    {
     "when": {
      "code": [
       "platform"
      ]
     },
     "says": "It runs on Lambda in your account, which bills the time of waiting."
    },
    {
     "when": {
      "code": [
       "node"
      ]
     },
     "says": "In Node.js a Web Function does the same and bills no processor while it waits. Where Web Functions are not available to you, a function URL in Node.js is what remains."
    },
    {
     "when": {
      "readers": [
       "devices"
      ]
     },
     "says": "It streams to the tab that asked. An idle tab learns of nothing."
    },
    {
     "when": {
      "push": [
       "yes"
      ]
     },
     "says": "The response ends with the answer, so nothing can be pushed afterwards."
    },
    {
     "when": {
      "clients": [
       "private"
      ]
     },
     "says": "A function URL [does not stream within a VPC](private-networks.md)."
    },
    {
     "when": {
      "front": [
       "gateway"
      ]
     },
     "says": "A function URL has no usage plans and no authorizers."
    },
    {
     "when": {
      "api": [
       "graphql"
      ]
     },
     "says": "Your clients speak to AppSync already. This would be a second API beside it."
    }
   ],
   "also": [
    {
     "when": {
      "front": [
       "edge"
      ]
     },
     "says": "AWS WAF and a domain need CloudFront before the function URL."
    },
    {
     "when": {
      "volume": [
       "many"
      ]
     },
     "says": "Most of its bill is [waiting for the model](cost.md#what-waiting-costs): try less memory first."
    }
   ],
   "otherwise": "It would do too. Nobody sees the answer grow, so there is nothing to stream."
  },
  {
   "key": "websocket",
   "title": "API Gateway WebSocket API",
   "page": "architectures/websocket.md",
   "reason": "The server may speak unasked, and many short turns share one connection. The AI SDK's `WebSocketChatTransport` works with it unchanged.",
   "begin": "`streamways copy websocket ../chat`",
   "excluded": [
    {
     "when": {
      "answer": [
       "long"
      ]
     },
     "says": "A function runs for 15 minutes at most."
    },
    {
     "when": {
      "code": [
       "containers"
      ]
     },
     "says": "You operate servers already. One process of theirs waits for many answers at once; Lambda bills each wait."
    },
    {
     "when": {
      "code": [
       "agents"
      ]
     },
     "says": "Lambda keeps no machine for a session."
    },
    {
     "when": {
      "code": [
       "platform"
      ]
     },
     "says": "It runs on Lambda in your account, which bills the time of waiting."
    },
    {
     "when": {
      "readers": [
       "devices"
      ]
     },
     "says": "It streams to the connection that asked. Other tabs have to resume."
    },
    {
     "when": {
      "push": [
       "no"
      ]
     },
     "says": "Nothing is pushed, so the connection is kept for nothing, and each part is paid for."
    },
    {
     "when": {
      "clients": [
       "private"
      ]
     },
     "says": "A WebSocket API is [reached over the internet](private-networks.md) only."
    },
    {
     "when": {
      "api": [
       "graphql"
      ]
     },
     "says": "AppSync pushes already. This would be a second API beside it."
    }
   ],
   "also": [
    {
     "when": {
      "front": [
       "edge"
      ]
     },
     "says": "A domain attaches to the API itself. AWS WAF [does not](comparison.md): it needs CloudFront."
    },
    {
     "when": {
      "front": [
       "gateway"
      ]
     },
     "says": "Its Lambda authorizer runs on `$connect`, before your code."
    },
    {
     "when": {
      "code": [
       "node"
      ]
     },
     "says": "The handlers here are in Python. Handlers of yours in Node.js can speak the same [protocol](protocol.md), and `streamways check` tests them."
    }
   ],
   "otherwise": ""
  },
  {
   "key": "appsync",
   "title": "AppSync GraphQL",
   "page": "architectures/appsync.md",
   "reason": "AppSync authenticates each operation, keeps the connections, and brings an answer to every tab and device of its user.",
   "begin": "`streamways copy appsync ../chat`",
   "excluded": [
    {
     "when": {
      "answer": [
       "long"
      ]
     },
     "says": "A function runs for 15 minutes at most."
    },
    {
     "when": {
      "code": [
       "containers"
      ]
     },
     "says": "You operate servers already. One process of theirs waits for many answers at once; Lambda bills each wait."
    },
    {
     "when": {
      "code": [
       "agents"
      ]
     },
     "says": "Lambda keeps no machine for a session."
    },
    {
     "when": {
      "code": [
       "platform"
      ]
     },
     "says": "It runs on Lambda in your account, which bills the time of waiting."
    },
    {
     "when": {
      "readers": [
       "one"
      ],
      "push": [
       "no"
      ],
      "api": [
       "http"
      ]
     },
     "says": "Only the tab that asked follows the answer, and each publish is a paid mutation."
    },
    {
     "when": {
      "readers": [
       "devices"
      ],
      "api": [
       "http"
      ],
      "volume": [
       "many"
      ]
     },
     "says": "For so many answers the publishes and deliveries of AppSync Events cost a fraction of these."
    }
   ],
   "also": [
    {
     "when": {
      "clients": [
       "private"
      ]
     },
     "says": "The API has to be [private from its beginning](private-networks.md); the component does not offer that."
    },
    {
     "when": {
      "front": [
       "edge",
       "gateway"
      ]
     },
     "says": "AWS WAF and a domain attach to the API itself."
    },
    {
     "when": {
      "volume": [
       "many"
      ]
     },
     "says": "A longer `appSyncIntervalMilliseconds` [saves most of the bill](cost.md#what-changes-the-cost)."
    },
    {
     "when": {
      "code": [
       "node"
      ]
     },
     "says": "The handlers here are in Python. Handlers of yours in Node.js can speak the same [protocol](protocol.md), and `streamways check` tests them."
    }
   ],
   "otherwise": "It would do too. It costs the most for an answer, so it is worth it for GraphQL and for several devices."
  },
  {
   "key": "web-functions",
   "title": "Lambda Web Functions",
   "page": "alternatives.md#lambda-web-functions",
   "reason": "An HTTP server on Lambda streams without an adapter, answers several requests at once, and is not billed for CPU while it waits.",
   "begin": "See whether your account and region have Web Functions: they are new.",
   "excluded": [
    {
     "when": {
      "code": [
       "python"
      ]
     },
     "says": "The documentation of Web Functions names Node.js alone."
    },
    {
     "when": {
      "answer": [
       "long"
      ]
     },
     "says": "A function runs for 15 minutes at most."
    },
    {
     "when": {
      "code": [
       "containers"
      ]
     },
     "says": "You operate servers already. One process of theirs waits for many answers at once; Lambda bills each wait."
    },
    {
     "when": {
      "code": [
       "agents"
      ]
     },
     "says": "Lambda keeps no machine for a session."
    },
    {
     "when": {
      "code": [
       "platform"
      ]
     },
     "says": "It runs on Lambda in your account, which bills the time of waiting."
    },
    {
     "when": {
      "readers": [
       "devices"
      ]
     },
     "says": "It streams to the tab that asked. An idle tab learns of nothing."
    },
    {
     "when": {
      "push": [
       "yes"
      ]
     },
     "says": "The response ends with the answer, so nothing can be pushed afterwards."
    },
    {
     "when": {
      "clients": [
       "private"
      ]
     },
     "says": "Its endpoint is reached over the internet only."
    },
    {
     "when": {
      "front": [
       "gateway"
      ]
     },
     "says": "Its endpoint has no usage plans and no authorizers."
    },
    {
     "when": {
      "api": [
       "graphql"
      ]
     },
     "says": "Your clients speak to AppSync already. This would be a second API beside it."
    }
   ],
   "also": [
    {
     "when": {},
     "says": "It is not built here. The [protocol](protocol.md) and the journal can be taken along."
    },
    {
     "when": {
      "front": [
       "edge"
      ]
     },
     "says": "AWS WAF and a domain need CloudFront before it; nobody here has tried."
    }
   ],
   "otherwise": "It would do too. Nobody sees the answer grow, so there is nothing to stream."
  },
  {
   "key": "rest-api",
   "title": "REST API with response streaming",
   "page": "alternatives.md#rest-api-with-response-streaming",
   "reason": "API Gateway streams the same response as a function URL, with authorizers, usage plans, AWS WAF, domains and private endpoints.",
   "begin": "Put the function of `streamways copy function-url` behind a REST API.",
   "excluded": [
    {
     "when": {
      "answer": [
       "long"
      ]
     },
     "says": "A function runs for 15 minutes at most."
    },
    {
     "when": {
      "code": [
       "containers"
      ]
     },
     "says": "You operate servers already. One process of theirs waits for many answers at once; Lambda bills each wait."
    },
    {
     "when": {
      "code": [
       "agents"
      ]
     },
     "says": "Lambda keeps no machine for a session."
    },
    {
     "when": {
      "code": [
       "platform"
      ]
     },
     "says": "It runs on Lambda in your account, which bills the time of waiting."
    },
    {
     "when": {
      "readers": [
       "devices"
      ]
     },
     "says": "It streams to the tab that asked. An idle tab learns of nothing."
    },
    {
     "when": {
      "push": [
       "yes"
      ]
     },
     "says": "The response ends with the answer, so nothing can be pushed afterwards."
    },
    {
     "when": {
      "api": [
       "graphql"
      ]
     },
     "says": "Your clients speak to AppSync already. This would be a second API beside it."
    }
   ],
   "also": [
    {
     "when": {},
     "says": "It is not built here. The [protocol](protocol.md) and the journal can be taken along."
    }
   ],
   "otherwise": "It would do too. You pay for each request, so it is worth it for authorizers, usage plans and private clients."
  },
  {
   "key": "appsync-events",
   "title": "AppSync Events",
   "page": "alternatives.md#appsync-events",
   "reason": "It brings an answer to every tab and device without GraphQL, at a quarter of the price of a publish.",
   "begin": "Keep the journal of this project: channels keep nothing.",
   "excluded": [
    {
     "when": {
      "answer": [
       "long"
      ]
     },
     "says": "A function runs for 15 minutes at most."
    },
    {
     "when": {
      "code": [
       "containers"
      ]
     },
     "says": "You operate servers already. One process of theirs waits for many answers at once; Lambda bills each wait."
    },
    {
     "when": {
      "code": [
       "agents"
      ]
     },
     "says": "Lambda keeps no machine for a session."
    },
    {
     "when": {
      "code": [
       "platform"
      ]
     },
     "says": "It runs on Lambda in your account, which bills the time of waiting."
    },
    {
     "when": {
      "readers": [
       "one"
      ],
      "push": [
       "no"
      ]
     },
     "says": "Only the tab that asked follows the answer."
    },
    {
     "when": {
      "api": [
       "graphql"
      ]
     },
     "says": "You have GraphQL, whose subscriptions do the same."
    }
   ],
   "also": [
    {
     "when": {},
     "says": "It is not built here. The [protocol](protocol.md) and the journal can be taken along."
    }
   ],
   "otherwise": "It would do too, and cost less. The other way is built here, with its filters, its clients and its tests."
  },
  {
   "key": "agentcore",
   "title": "AgentCore Runtime",
   "page": "alternatives.md#agentcore-runtime",
   "reason": "A session has a machine of its own for up to 8 hours, streams to its caller, and is not billed for CPU while it waits.",
   "begin": "Count the memory of a session until it ends: [what waiting costs](cost.md#what-waiting-costs).",
   "excluded": [
    {
     "when": {
      "code": [
       "containers"
      ]
     },
     "says": "You operate servers already."
    },
    {
     "when": {
      "code": [
       "platform"
      ]
     },
     "says": "It runs in your AWS account."
    },
    {
     "when": {
      "code": [
       "python",
       "node"
      ],
      "answer": [
       "growing",
       "whole"
      ]
     },
     "says": "Nothing needs a machine of its own, and the memory of a session is billed until the session ends."
    }
   ],
   "also": [
    {
     "when": {},
     "says": "It is not built here. The [protocol](protocol.md) and the journal can be taken along."
    },
    {
     "when": {
      "readers": [
       "devices"
      ]
     },
     "says": "It streams to its caller alone: let the agent publish to AppSync for the other devices."
    },
    {
     "when": {
      "api": [
       "graphql"
      ]
     },
     "says": "A resolver can start it, and the agent can publish to AppSync."
    }
   ],
   "otherwise": "It would do too, with a machine for each session."
  },
  {
   "key": "active-cpu",
   "title": "Fluid Compute and other platforms that bill active CPU",
   "page": "alternatives.md#platforms-that-bill-active-cpu",
   "reason": "Your page and your code run in one place, many answers share an instance, and no CPU is billed while they wait.",
   "begin": "Give it a role in your AWS account by OIDC, for the model and the table.",
   "excluded": [
    {
     "when": {
      "code": [
       "python",
       "node",
       "containers",
       "agents"
      ]
     },
     "says": "It is another cloud: users, table and model stay in your AWS account, and each call crosses the internet."
    },
    {
     "when": {
      "answer": [
       "long"
      ]
     },
     "says": "A function of Fluid Compute runs for less than 15 minutes."
    },
    {
     "when": {
      "clients": [
       "private"
      ]
     },
     "says": "It is reached over the internet."
    }
   ],
   "also": [
    {
     "when": {},
     "says": "It is not built here. The [protocol](protocol.md) and the journal can be taken along."
    },
    {
     "when": {
      "push": [
       "yes"
      ]
     },
     "says": "Something beside it has to push: a WebSocket API or AppSync, for instance."
    },
    {
     "when": {
      "readers": [
       "devices"
      ]
     },
     "says": "Something beside it has to reach the other devices, like AppSync Events."
    }
   ],
   "otherwise": "It would do too. Nobody sees the answer grow, so there is nothing to stream."
  },
  {
   "key": "container",
   "title": "A container",
   "page": "alternatives.md#a-container",
   "reason": "A server of yours has no limits of time, speaks what you write, stands in any network, and waits for many answers at once.",
   "begin": "Plan for deployments that cut no stream.",
   "excluded": [],
   "also": [
    {
     "when": {},
     "says": "It is not built here. The [protocol](protocol.md) and the journal can be taken along."
    }
   ],
   "otherwise": "It would do too. It is paid for while nobody asks, and its scaling, patching and deployments are yours."
  }
 ]
};
