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
   "text": "Where does your server code have to run?",
   "options": {
    "python": "Nowhere in particular: Python on Lambda is fine",
    "node": "On Lambda, in Node.js",
    "web": "On Lambda, in Node.js, and our account has Web Functions",
    "containers": "In containers, which we operate already",
    "agents": "In a machine for each session: agents that keep files or execute code",
    "platform": "On Vercel or a platform like it, where our page runs already"
   }
  },
  {
   "key": "readers",
   "text": "Who follows one answer?",
   "options": {
    "one": "The tab that asked. Others of the same user may resume it",
    "devices": "Every open tab and device of the user, while it grows",
    "people": "Several people, while it grows"
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
       "devices",
       "people"
      ]
     },
     "says": "A response reaches the client that asked, and no other."
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
   "reason": "It has the fewest parts, the lowest cost and real HTTP status codes. `useChat` stays: its transport gets [options](clients.md#function-url), and without one of them, `cancellingFetch`, a stop does not stop the cost.",
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
       "web"
      ]
     },
     "says": "A Web Function does the same, and bills no CPU while it waits."
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
      "readers": [
       "people"
      ]
     },
     "says": "It streams to the tab that asked, and other people see nothing until the end."
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
     "says": "Clients without internet [get no stream](private-networks.md) from it."
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
     "says": "With `functionUrlDomain` the program puts CloudFront before it, and attaches [a web ACL of yours](domains.md#aws-waf) there."
    },
    {
     "when": {
      "volume": [
       "many"
      ]
     },
     "says": "Most of its bill is [waiting for the model](cost.md#what-waiting-costs): try less memory first."
    },
    {
     "when": {
      "code": [
       "node"
      ]
     },
     "says": "The handlers here are in Python, and there is no start in Node.js. Handlers of yours can speak the same [protocol](protocol.md), and `streamways check` tests them."
    }
   ],
   "otherwise": "It would do too. Nobody sees the answer grow, so there is nothing to stream."
  },
  {
   "key": "websocket",
   "title": "API Gateway WebSocket API",
   "page": "architectures/websocket.md",
   "reason": "The server may speak unasked, and many short turns share one connection. The AI SDK's own `WebSocketChatTransport` fits, with [a ticket](clients.md#websocket) for each connection.",
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
       "devices",
       "people"
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
     "says": "A domain attaches to the API itself. [No web ACL does](domains.md#aws-waf)."
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
       "node",
       "web"
      ]
     },
     "says": "The handlers here are in Python, and there is no start in Node.js. Handlers of yours can speak the same [protocol](protocol.md), and `streamways check` tests them."
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
       "devices",
       "people"
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
      "readers": [
       "people"
      ]
     },
     "says": "As built, [a stream belongs to one user](protocol.md#resuming): the other members of a chat read the answer when it is complete. To show it growing, change the [subscription's filter](architectures/appsync.md#how-it-is-secured) from owner to chat, and let it ask for the membership."
    },
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
     "says": "A domain attaches to the API itself, and so does [a web ACL of yours](domains.md#aws-waf)."
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
       "node",
       "web"
      ]
     },
     "says": "The handlers here are in Python, and there is no start in Node.js. Handlers of yours can speak the same [protocol](protocol.md), and `streamways check` tests them."
    }
   ],
   "otherwise": "It would do too. It costs the most for an answer, so it is worth it for GraphQL and for several devices."
  },
  {
   "key": "web-functions",
   "title": "Lambda Web Functions",
   "page": "alternatives.md#lambda-web-functions",
   "reason": "An HTTP server on Lambda streams without an adapter, answers several requests at once, and is not billed for CPU while it waits.",
   "begin": "Write an HTTP server that speaks the [protocol](protocol.md), and test it with `streamways check`.",
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
      "code": [
       "node"
      ]
     },
     "says": "They are new. Watch them, and see first whether your account has them."
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
      "readers": [
       "people"
      ]
     },
     "says": "It streams to the tab that asked, and other people see nothing until the end."
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
     "says": "A web ACL and a domain need CloudFront before it; nobody here has tried."
    }
   ],
   "otherwise": "It would do too. Nobody sees the answer grow, so there is nothing to stream."
  },
  {
   "key": "rest-api",
   "title": "REST API with response streaming",
   "page": "alternatives.md#rest-api-with-response-streaming",
   "reason": "API Gateway streams the same response as a function URL, with authorizers, usage plans, AWS WAF, domains and private endpoints.",
   "begin": "Read [what to build](alternatives.md#rest-api-with-response-streaming) around the function of `streamways copy function-url`, and try it: nobody here has.",
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
      "readers": [
       "people"
      ]
     },
     "says": "It streams to the tab that asked, and other people see nothing until the end."
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
   "reason": "It brings an answer to every tab and device that may listen, without GraphQL, at a quarter of the price of a publish.",
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
       "node",
       "web"
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
       "devices",
       "people"
      ]
     },
     "says": "It streams to its caller alone: let the agent publish to AppSync for the others."
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
   "begin": "Give it a role in your AWS account by OIDC, for what it uses there, like Bedrock.",
   "excluded": [
    {
     "when": {
      "code": [
       "python",
       "node",
       "web",
       "containers",
       "agents"
      ]
     },
     "says": "It is another cloud: what you keep in AWS is reached over the internet."
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
       "devices",
       "people"
      ]
     },
     "says": "Something beside it has to reach the others, like AppSync Events."
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
