#!/usr/bin/env python3
"""Temporaries beside co_await that GCC 12 destroys twice, silently.

Usage: coawait_lint.py SOURCE_DIR

In a full expression that contains co_await there must not be
  - a braced temporary (`T{..}`, `f({..})`): an aggregate with a non-trivial member is destroyed twice;
  - a lambda with a capture by value: so are its captures;
  - `?:`: so is a class prvalue that it yields.
Name the object in a statement of its own and std::move it. Two more are looked for: a braced default argument of a
coroutine (the same bug, at the caller), and a lambda with captures that is a coroutine and called where it stands
(its captures die at the first suspension). Types are not known here: where one of these is harmless, end the line
of the co_await with `// coawait-ok: why`. Exit status 1 when there are findings.
"""
import pathlib
import re
import sys

TOKEN = re.compile(r'''(?P<space>\s+|//[^\n]*|/\*.*?\*/|^[ \t]*\#(?:\\\n|[^\n])*)
                     |(?P<raw>R"(?P<delimiter>[^(\s]*)\(.*?\)(?P=delimiter)")
                     |(?P<text>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])+')
                     |(?P<number>\d(?:['\w.]|[eE][+-])*)
                     |(?P<word>[A-Za-z_]\w*)
                     |(?P<mark>::|->|<=>|&&|\|\||[-+*/%&|^<>=!]=|\.\.\.|.)''', re.X | re.S | re.M)
CLOSING = {'(': ')', '[': ']', '{': '}'}


class Token:
    """A word or mark, or a bracketed group with what is inside."""

    def __init__(self, text, line, inside=None):
        self.text, self.line, self.inside = text, line, inside

    def is_group(self, opener):
        return self.inside is not None and self.text == opener

    def is_word(self):
        return self.inside is None and bool(re.match(r'[A-Za-z_]', self.text))


def read(source):
    """The tokens of a file as a tree of groups."""
    stack, line = [[]], 1
    openers = []
    for match in TOKEN.finditer(source):
        text, kind = match.group(), match.lastgroup
        if match.group('space') is None:
            if match.group('raw') or match.group('text'):
                text = '""'
            if text in CLOSING and kind == 'mark':
                openers.append((text, line))
                stack.append([])
            elif kind == 'mark' and text in CLOSING.values():
                if openers:
                    opener, opened = openers.pop()
                    inside = stack.pop()
                    stack[-1].append(Token(opener, opened, inside))
            else:
                stack[-1].append(Token(text, line))
        line += match.group().count('\n')
    while openers:
        opener, opened = openers.pop()
        inside = stack.pop()
        stack[-1].append(Token(opener, opened, inside))
    return stack[0]


class Lint:
    def __init__(self):
        self.findings = []  # (line of the co_await, line of the temporary, what)

    # --- blocks ---

    def block(self, tokens):
        """Statements: what stands between ; and a body is one full expression."""
        start = at = 0
        while at < len(tokens):
            token = tokens[at]
            if token.is_word() and token.text in ('if', 'while', 'for', 'switch') and at == start:
                at += 1
                while at < len(tokens) and not tokens[at].is_group('('):
                    at += 1
                if at < len(tokens):
                    self.block(tokens[at].inside)  # condition, or the parts of a for
                at += 1
                start = at
            elif token.is_word() and token.text in ('else', 'do', 'try') and at == start:
                at += 1
                start = at
            elif token.text in (';', ':') and token.inside is None and self.ends_here(tokens, start, at):
                self.expression(tokens[start:at])
                at += 1
                start = at
            elif token.is_group('{') and self.is_body(tokens, start, at):
                self.expression(tokens[start:at])
                self.block(token.inside)
                at += 1
                start = at
            else:
                at += 1
        self.expression(tokens[start:])

    @staticmethod
    def ends_here(tokens, start, at):
        if tokens[at].text == ';':
            return True
        first = tokens[start]
        return first.is_word() and first.text in ('case', 'default', 'public', 'private', 'protected')

    def is_body(self, tokens, start, at):
        """Is the brace a block (of a function, class, namespace, control statement)?"""
        if at == start:
            return True
        if self.lambda_before(tokens, start, at) is not None:
            return False
        start = self.after_template(tokens, start, at)
        head = [t.text for t in tokens[start:at] if t.inside is None]
        if {'namespace', 'struct', 'class', 'union', 'enum', 'extern'} & set(head[:3]) and '=' not in head:
            return not any(t.is_group('(') for t in tokens[start:at])
        # A function's head: name(..) and then no operator but those of a head.
        parens = [i for i in range(start, at) if tokens[i].is_group('(')]
        if not parens or '=' in head or 'return' in head or 'co_return' in head or 'co_await' in head:
            return False
        after = tokens[parens[0] + 1:at]
        if ':' in [t.text for t in after if t.inside is None]:  # a constructor's initialisers
            return tokens[at - 1].inside is not None
        return tokens[at - 1].is_group('(') or tokens[at - 1].text in (
            'const', 'override', 'noexcept', 'final', '&', '&&', '>', 'mutable') or '->' in [t.text for t in after]

    @staticmethod
    def after_template(tokens, start, at):
        """Past `template <...>`, whose `class` is none."""
        if tokens[start].text != 'template':
            return start
        depth = 0
        for index in range(start + 1, at):
            depth += {'<': 1, '>': -1}.get(tokens[index].text, 0)
            if depth == 0:
                return index + 1
        return start

    # --- expressions ---

    @staticmethod
    def lambda_before(tokens, start, at):
        """The index of the captures when tokens[at] is the body of a lambda."""
        back = at - 1
        while back >= start and (tokens[back].inside is None or tokens[back].is_group('(')
                                 or tokens[back].is_group('{')):
            if tokens[back].inside is None and tokens[back].text in (',', '=', ';', 'return', 'co_return', 'co_await', '?'):
                return None
            if tokens[back].is_group('{'):
                return None
            back -= 1
        if back < start or not tokens[back].is_group('['):
            return None
        before = tokens[back - 1] if back > start else None
        if before is not None and (before.text in (')', ']', '>') or before.inside is not None
                                   or (before.is_word() and before.text not in (
                                       'return', 'co_return', 'co_await', 'co_yield'))):
            return None  # a subscript
        return back

    def expression(self, tokens):
        """One full expression; lambda bodies in it are blocks of their own."""
        awaits, suspects = [], []
        self.walk(tokens, awaits, suspects, top=True)
        if not awaits:
            return
        for line, what in suspects:
            self.findings.append((awaits, line, what))

    def walk(self, tokens, awaits, suspects, top):
        for at, token in enumerate(tokens):
            if token.inside is None:
                if token.text == 'co_await':
                    awaits.append(token.line)
                elif token.text == '?':
                    suspects.append((token.line, '?: (write if and else)'))
                continue
            if not token.is_group('{'):
                self.walk(token.inside, awaits, suspects, top=False)
                continue
            captures = self.lambda_before(tokens, 0, at)
            if captures is not None:
                self.lambda_here(tokens, captures, at, suspects)
                continue
            self.walk(token.inside, awaits, suspects, top=False)
            if not (top and self.names_a_variable(tokens, at)):
                suspects.append((token.line, 'braced temporary'))

    def lambda_here(self, tokens, captures, at, suspects):
        held = [part for part in split(tokens[captures].inside) if part]
        by_value = [part for part in held if part[0].text not in ('&', 'this')]
        if by_value:
            suspects.append((tokens[captures].line, 'lambda with a capture by value'))
        self.block(tokens[at].inside)
        called = at + 1 < len(tokens) and tokens[at + 1].is_group('(')
        if held and called and contains_await(tokens[at].inside):
            line = tokens[captures].line
            self.findings.append(([line], line, 'a coroutine lambda with captures, called where it stands'))

    @staticmethod
    def names_a_variable(tokens, at):
        """`T name{..}`, `T name = {..}`: the object lives on, it is no temporary."""
        if at == 0:
            return False
        before = tokens[at - 1]
        if before.text == '=' and before.inside is None:
            return True
        if not before.is_word() or at < 2:
            return False
        type_end = tokens[at - 2]
        return (type_end.is_word() and type_end.text not in ('return', 'co_return', 'co_await', 'co_yield', 'throw', 'new')
                or type_end.text in ('>', '*', '&', '&&')) and not any(
                    t.inside is None and t.text in ('=', 'co_await', 'co_return', 'return', ',') for t in tokens[:at])


def split(tokens):
    """Parts between commas."""
    parts = [[]]
    for token in tokens:
        if token.inside is None and token.text == ',':
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def contains_await(tokens):
    return any(t.text in ('co_await', 'co_return', 'co_yield') if t.inside is None else contains_await(t.inside)
               for t in tokens)


# `Async<T> name(Options options = {})`: the caller's co_await then makes the temporary.
DEFAULT = re.compile(r'\b(?:Async|awaitable)\s*<[^;{}]*?>\s+\w+(?:::\w+)*\s*\([^;]*?=\s*(?:[\w:<>]+\s*)?\{')


def check(source):
    """[(line, what)]"""
    lines = source.splitlines()
    lint = Lint()
    lint.block(read(source))
    found = set()
    for awaits, line, what in lint.findings:
        if not any('coawait-ok:' in lines[n - 1] for n in {*awaits, line}):
            found.add((line, what))
    bare = re.sub(r'//[^\n]*', '', source)
    for match in DEFAULT.finditer(bare):
        found.add((bare.count('\n', 0, match.end()) + 1, 'braced default argument of a coroutine'))
    return sorted(found)


BAD = '''
void f() { co_await g(Opts{name, 1}); }
void f() { co_await g({}); }
void f() { auto x = co_await g(a, {name, 1}); }
void f() { co_await spawn(ex, [p] { run(p); }, token); }
void f() { co_await spawn(ex, [p = std::move(p)]() mutable { run(p); }, token); }
void f() { spawn(co_await this_coro::executor, [s, &t] { run(s); }, handler); }
void f() { co_await g(k.empty() ? std::string("a") : k); }
void f() { auto s = c ? co_await g() : std::string(); }
void f() { if (co_await g(Opts{name})) return; }
void f() { if (auto x = co_await g(Opts{name}); x) return; }
void f() { for (auto x = co_await g({name}); x;) h(); }
void f() { while (co_await g([p] { return p; })) h(); }
void f() { co_return wrap(Opts{name}, co_await g()); }
void f() { run([this] { co_await g(Opts{name}); }); }
void f() { switch (x) { case 1: co_await g(Opts{n}); break; default: co_await g(a); } }
void f() { Opts o(co_await g({name})); }
void f() { Opts o{co_await g({name})}; }
void f() { [p]() -> Async<int> { co_return p; }(); }
Async<int> f(int a, Options options = {});
Async<std::vector<int>> f(Options options = Options{});
void f() { co_await g(
    Opts{name}); }
void f() const noexcept { co_await g(std::vector<std::string>{name}); }
struct S : T { S() : a_{1} {} void f() { co_await g(Opts{1}); } };
'''

GOOD = '''
void f() { Opts opts{name, 1}; co_await g(std::move(opts)); }
void f() { auto body = [p] { run(p); }; co_await spawn(ex, std::move(body)); }
void f() { co_await g(Opts(name, 1), "text {}", 'x', R"(co_await {?:})"); }
void f() { co_await spawn(ex, [&p, this] { run(p ? Opts{1} : Opts{2}); }, token); }
void f() { auto x = c ? 1 : 2; co_await g(x); }
void f() { if (c ? a : b) co_await g(x); else co_await h(x); }
void f() { if (co_await g(x)) return Opts{name}; }
void f() { auto x{co_await g()}; T y = {co_await g()}; std::vector<int> z{co_await g()}; }
void f() { run([p] { co_await g(p); }); }
void f() { for (auto& x : list) { co_await g(x); } h(Opts{name}); }
void f() { switch (x) { case 1: co_await g(a); break; default: h({}); } }
void f() { co_await g(c ? 1 : 2); } // coawait-ok: two ints
// co_await g({});
/* co_await g({}); */
#define X co_await g({})
void f() { list[co_await g()] = 1; h([p] { return p; }); }
Async<int> f(int a, int b = 1) { Opts o{}; co_return co_await g(o); }
struct S { Opts o{1}; Async<int> f() { co_return co_await g(); } int x = y ? 1 : 2; };
namespace a { enum class E { kA, kB }; Async<int> f() { co_await g(E::kA); } }
template <class T, class F> Async<T> wait(F f) { co_await g([&f](auto h) { f(Opts{h}); }); }
S::S() : a_(1), b_{2} { spawn(ex, run(), [this] { h({}); }); }
'''


def self_test():
    for sample in re.split(r'\n(?=\S)', BAD.strip()):
        assert check(sample), f'self-test: not found in: {sample}'
    for sample in re.split(r'\n(?=\S)', GOOD.strip()):
        assert not check(sample), f'self-test: false finding in: {sample}: {check(sample)}'


def main():
    self_test()
    root = pathlib.Path(sys.argv[1])
    files = sorted(path for folder in ('src', 'include', 'tests', 'examples') for path in (root / folder).rglob('*')
                   if path.suffix in ('.cpp', '.hpp'))
    count = 0
    for path in files:
        for line, what in check(path.read_text()):
            print(f'{path.relative_to(root)}:{line}: {what} beside co_await')
            count += 1
    if not count:
        print(f'{len(files)} files: no dangerous temporary beside co_await')
    sys.exit(bool(count))


if __name__ == '__main__':
    main()
