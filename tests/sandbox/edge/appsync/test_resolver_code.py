"""What a resolver's code may be, as AppSync decides when it is deployed."""

import pytest

from sandbox.edge.appsync.errors import ResolverRefused
from sandbox.edge.appsync.resolver_code import MAX_CODE_BYTES, check_resolver

HANDLERS = "export function request(ctx) { return {}; }\nexport function response(ctx) { return ctx.result; }\n"


def with_body(body: str) -> str:
    return f"export function request(ctx) {{\n{body}\n}}\nexport const response = (ctx) => ctx.result;\n"


@pytest.mark.parametrize(
    "code",
    [
        HANDLERS,
        "import { util, extensions, runtime } from '@aws-appsync/utils';\n" + HANDLERS,
        'import {\n  Context,\n  util,\n} from "@aws-appsync/utils"\n' + HANDLERS,
        "function request() { return {}; }\nconst response = (ctx) => ctx.result;\nexport { request, response };\n",
        "const n = 3;\nexport const request = (ctx) => ({ payload: n });\nexport const response = () => null;\n",
        with_body(
            "for (const key in ctx.args) { if (key === 'a') break; }\nfor (const x of [1, 2]) { console.log(x); }"
        ),
        with_body(
            "const { a = 1, ...rest } = ctx.args ?? {}; return { payload: { ...rest, a: `${a} ${`in ${a}`}` } };"
        ),
        with_body("return { payload: Object.keys(ctx.args).map((k) => k.trim()).filter((k) => !['x'].includes(k)) };"),
        with_body(
            "// while (true) { throw x }\n/* async */ return { text: 'for(;;) try { this } catch', while: 1, new: 2 };"
        ),
        with_body("return { half: ctx.args.a / 2 / 3, text: `// not /a/ regex ${ctx.args.b / 2}` };"),
        with_body("return { payload: util.transform.toSubscriptionFilter({ a: { eq: util.autoId() } }) };"),
        with_body("ctx.stash.when = util.time.nowISO8601(); delete ctx.stash.when; return runtime.earlyReturn(1);"),
    ],
)
def test_code_of_the_documented_language_is_accepted(code: str) -> None:
    check_resolver(code)


@pytest.mark.parametrize(
    ("body", "construct"),
    [
        ("for (let i = 0; i < 3; i += 1) {}", "for(;;)"),
        ("while (ctx.a) {}", "a while loop"),
        ("do { ctx.a; } while (ctx.b)", "a do/while loop"),
        ("try { ctx.a; } catch (e) {}", "try/catch"),
        ("throw 'x';", "throw"),
        ("const f = async () => 1;", "asynchronous code"),
        ("await ctx.a;", "asynchronous code"),
        ("class A {}", "a class"),
        ("return new Date();", "the operator new"),
        ("return this;", "the keyword this"),
        ("for (const a of [1]) { continue; }", "continue"),
        ("function* g() { yield 1; }", "a generator"),
        ("let i = 0; i++;", "the operator ++"),
        ("let i = 0; --i;", "the operator --"),
        ("return ~1;", "the operator ~"),
        ("return 'a' in ctx.args;", "the operator in"),
        ("return ctx instanceof Object;", "the operator instanceof"),
        ("return 'a'.replace(/a/g, 'b');", "the regular expression /a/g"),
        ("outer: for (const a of [1]) { break outer; }", "a labelled statement"),
        ("setTimeout(() => 1, 5);", "setTimeout"),
        ("return fetch('https://example.com');", "fetch"),
        ("return Promise.resolve(1);", "Promise"),
        ("return Date.now();", "Date"),
        ("return parseInt('3');", "parseInt"),
        ("return eval('1');", "eval"),
        ("return 'ab'.padStart(3);", "the method padStart()"),
        ("return `${['a'].toString()}`;", "the method toString()"),
        ("return Object.fromEntries([]);", "the method fromEntries()"),
        ("return Math.abs(-1);", "the method abs()"),
        ("return util.dynamodb.toMapValues({});", "util.dynamodb.toMapValues"),
        ("return util.time.nowFormatted('yyyy');", "util.time.nowFormatted"),
        ("extensions.invalidateSubscriptions({});", "extensions.invalidateSubscriptions"),
        ("const u = util; return u.error('x');", "util"),
        ("return { operation: 'BatchInvoke' };", "BatchInvoke"),
    ],
)
def test_a_construct_that_appsync_does_not_have_is_refused_by_its_name(body: str, construct: str) -> None:
    with pytest.raises(ResolverRefused) as refusal:
        check_resolver(with_body(body))
    assert str(refusal.value).startswith(f"line 2 of the resolver: {construct}: ")


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("export function request(ctx) { return {}; }", "exports no function response"),
        ("function request() {}\nexport function response() {}", "exports no function request"),
        ("export const request = 1;\nexport function response() {}", "exports no function request"),
        ("export default { request() {}, response() {} };", "export default"),
        (f"import x from '@aws-appsync/utils';\n{HANDLERS}", "this form of import"),
        (f"import {{ util as u }} from '@aws-appsync/utils';\n{HANDLERS}", "this form of import"),
        (f"import * as ddb from '@aws-appsync/utils/dynamodb';\n{HANDLERS}", "only '@aws-appsync/utils' is emulated"),
        (f"const a = ;\n{HANDLERS}", "cannot be evaluated: code.js:1:"),
        (f"const a = missing();\n{HANDLERS}", "missing is not defined"),
        (f"const a = 'no end\n{HANDLERS}", "is not JavaScript"),
        (f"const a = `no end\n{HANDLERS}", "a template literal has no end"),
        (f"{HANDLERS}//{'x' * MAX_CODE_BYTES}", f"AppSync takes {MAX_CODE_BYTES}"),
    ],
)
def test_code_that_is_no_resolver_is_refused_with_the_reason(code: str, words: str) -> None:
    with pytest.raises(ResolverRefused) as refusal:
        check_resolver(code)
    assert words in str(refusal.value)
