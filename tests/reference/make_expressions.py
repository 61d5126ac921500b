#!/usr/bin/env python3
"""Writes expressions.json: what numpy.ma says expressions give.

The judge is numpy 1.24 with Python 3.11 (value-based promotion), walked in the order in
which Terracotta evaluates. Run it with `python3 make_expressions.py > expressions.json`.
"""
import ast
import json
import operator
import random
import sys
import warnings

import numpy as np

warnings.simplefilter("ignore")
np.seterr(all="ignore")
random.seed(20240601)

TYPES = "uint8 int8 uint16 int16 uint32 int32 uint64 int64 float32 float64".split()
VALUES = {
    "uint8": [0, 1, 2, 3, 7, 100, 127, 128, 200, 254, 255, 10],
    "int8": [0, 1, -1, 3, -7, 100, 127, -100, 5, -127, 64, 10],
    "uint16": [0, 1, 2, 30, 700, 1000, 3000, 3001, 32768, 65534, 65535, 12],
    "int16": [0, 1, -1, 30, -700, 1000, 3000, -3001, 32767, -32767, 500, 12],
    "uint32": [0, 1, 2, 30, 70000, 1000, 3000, 65536, 2147483648, 4294967294, 4294967295, 9],
    "int32": [0, 1, -1, 30, -70000, 1000, 3000, 65536, 2147483647, -2147483647, 500, 9],
    "uint64": [0, 1, 2, 30, 70000, 1000, 3000, 65536, 2**40, 2**53, 2**33 + 1, 9],
    "int64": [0, 1, -1, 30, -70000, 1000, 3000, -65536, 2**40, -(2**53), 2**33 + 1, 9],
    "float32": [0.0, 1.0, -1.0, 0.5, -0.25, 1000.0, 3e5, -7.5, 1e30, 0.1, np.inf, np.nan],
    "float64": [0.0, 1.0, -1.0, 0.5, -0.25, 1000.0, 3e5, -7.5, 1e300, 0.1, np.nan, -np.inf],
}
MASKS = {name: [(i * 7 + k * 3) % 5 == 0 for i in range(12)] for k, name in enumerate(TYPES)}
OPERANDS = {
    f"v{k + 1}": np.ma.masked_array(np.array(VALUES[name], dtype=name), mask=MASKS[name])
    for k, name in enumerate(TYPES)
}

FUNCTIONS = {
    "where": (np.ma.where, 3), "getmask": (np.ma.getmaskarray, 1),
    "setmask": (lambda arr, mask: np.ma.masked_array(arr, mask=mask), 2),
    "mod": (np.mod, 1),
}
MATHS = ("sqrt log log10 exp sin cos tan sinh cosh tanh arcsin arccos arctan arcsinh "
         "arccosh arctanh").split()
for count, names in {
    1: "masked_invalid", 3: "masked_inside masked_outside",
    2: "masked_equal masked_greater masked_greater_equal masked_less masked_less_equal "
       "masked_not_equal masked_where",
}.items():
    FUNCTIONS.update({name: (getattr(np.ma, name), count) for name in names.split()})
FUNCTIONS.update({name: (getattr(np, name), 1) for name in ["abs", *MATHS]})
FUNCTIONS.update({name: (getattr(np, name), 2) for name in ["minimum", "maximum"]})
CONSTANTS = {"pi": np.pi, "nan": np.nan, "inf": np.inf, "nomask": np.ma.nomask}
BINARY = {"Add": operator.add, "Sub": operator.sub, "Mult": operator.mul,
          "Div": operator.truediv, "Mod": operator.mod, "Pow": operator.pow,
          "BitAnd": operator.and_, "BitOr": operator.or_}
UNARY = {"USub": operator.neg, "Invert": operator.invert}
COMPARE = {"Eq": operator.eq, "NotEq": operator.ne, "Lt": operator.lt, "LtE": operator.le,
           "Gt": operator.gt, "GtE": operator.ge}


class Refused(Exception):
    pass


def allowed(kind, op, table):
    name = type(op).__name__
    if name not in table:
        raise Refused(f"{kind} operator {name} not allowed in expressions")
    return table[name]


def value_of(node):
    if isinstance(node, ast.Name):
        for table in (OPERANDS, CONSTANTS):
            if node.id in table:
                return table[node.id]
        if node.id in FUNCTIONS:
            return (node.id, *FUNCTIONS[node.id])
        raise Refused(f"unrecognized name '{node.id}' in expression")
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        return node.value
    if isinstance(node, ast.UnaryOp):
        return allowed("unary", node.op, UNARY)(value_of(node.operand))
    if isinstance(node, ast.BinOp):
        op = allowed("binary", node.op, BINARY)
        return op(value_of(node.left), value_of(node.right))
    if isinstance(node, ast.Compare):
        if len(node.ops) > 1:
            raise Refused("chained comparisons are not supported")
        op = allowed("comparison", node.ops[0], COMPARE)
        return op(value_of(node.left), value_of(node.comparators[0]))
    if isinstance(node, ast.Call):
        name, function, count = value_of(node.func)
        if len(node.args) != count:
            raise Refused(f"wrong number of arguments for function {name} "
                          f"(got {len(node.args)}, expected {count})")
        return function(*[value_of(one) for one in node.args])
    raise Refused(f"{type(node).__name__} not allowed in expressions")


def number(value):
    if value.dtype.kind in "uib":
        return int(value)
    return float(value) if np.isfinite(value) else str(value)


def answer(text):
    """[type, 12 numbers or null] or a message."""
    try:
        tree = ast.parse(text, mode="eval")
    except SyntaxError:
        return f"given string {text} is not a valid expression"
    try:
        result = value_of(tree.body)
    except Refused as error:
        return str(error)
    except Exception as error:
        return f"unexpected error while evaluating expression: {error}"
    if not isinstance(result, np.ndarray) or result.ndim == 0:
        return "expression does not return an array"
    result = np.ma.masked_invalid(result)
    mask = np.ma.getmaskarray(result)
    return [result.dtype.name, *(None if m else number(v) for v, m in zip(result.data, mask))]


def leaf():
    if random.random() < 0.75:
        return random.choice(list(OPERANDS))
    return random.choice(["0", "1", "2", "3", "7", "100", "300", "1000", "70000", "3000000000",
                          "0.5", "2.5", "1e-3", "1e5", "1e39", "pi", "(-1)", "(-200)", "nan"])


def condition():
    text = f"{leaf()} {random.choice(['==', '!=', '<', '<=', '>', '>='])} {leaf()}"
    return random.choice([f"({text})", f"~({text})", f"(({text}) & ({random.choice(list(OPERANDS))} > 1))",
                          f"(({text}) | ({random.choice(list(OPERANDS))} < 3))",
                          f"getmask({random.choice(list(OPERANDS))})"])


def one(depth):
    if depth == 0:
        return leaf()
    a, b = one(depth - 1), one(random.randrange(depth))
    pick = random.randrange(20)
    if pick > 13 and "v" not in a:  # a single number that is masked is not supported
        a = random.choice(list(OPERANDS))
    if pick < 9:
        return f"({a} {random.choice(['+', '-', '*', '/', '/', '%'])} {b})"
    if pick == 9:
        return f"({random.choice(list(OPERANDS))} ** {random.choice(['2', '3', '0', '0.5', '(-1)', '(-0.5)', leaf()])})"
    if pick == 10:
        return f"({leaf()} {random.choice('&|')} {leaf()})"
    if pick == 11:
        return f"{random.choice(['-', '~', 'abs'])}({a})"
    if pick == 12:
        return f"{random.choice(['minimum', 'maximum'])}({a}, {b})"
    if pick == 13:
        return f"where({condition()}, {a}, {b})"
    if pick == 14:
        return f"setmask({a}, {random.choice([condition(), condition(), b, 'nomask'])})"
    if pick == 15:
        return f"masked_where({condition()}, {a})"
    if pick == 16:
        return f"{random.choice(['masked_inside', 'masked_outside'])}({a}, 2, {random.choice(['100', '0.5'])})"
    if pick == 17:
        kind = random.choice(["equal", "not_equal", "less", "less_equal", "greater", "greater_equal"])
        return f"masked_{kind}({a}, {leaf()})"
    if pick == 18:
        return random.choice([condition(), f"masked_invalid({a})", f"getmask({a})"])
    return f"{random.choice(MATHS)}({random.choice(list(OPERANDS))})"


WRITTEN = r"""
v3+1¦v1+300¦v3-(-1)¦v1*2.5¦v9*100000¦v9*300¦v9+1e39¦v1/v1¦v2/v2¦v9/v10¦v9/3¦2/v9¦5-v1¦2**v1¦300**v1¦v3**2/1000
v3**(-1)¦v7**(-1)¦v9**0.5¦v10**(-1)¦v1%0¦v1%3¦v2%3¦v9%0.3¦v10%v9¦-v1¦-v9¦~v4¦~v9¦-(v1>3)¦(v1>3)-(v2>3)¦(v1>3)+(v2>3)
(v1>3)*(v2>3)¦(v1>3)/(v2>3)¦(v1>3)%2¦(v1>3)**(v2>1)¦(v1>3)&(v2>3)¦(v1>3)¦(v1>3)+1¦(v1>3)+0.5¦sqrt(v1>3)¦v1&v3¦v1¦v2¦v7&v8¦v7&1
v7¦(-1)¦v9&1¦v1&1.5¦sqrt(v2)¦log(v1)¦exp(v1)¦exp(v3)¦arctanh(v10)¦arcsin(v9)¦tan(v10)¦log10(v10)¦arccosh(v9)¦sqrt(v8)
setmask(v1,v3>1500)¦setmask(v1,v3+1)¦setmask(v1,v3==v4)¦setmask(v1,v3!=v4)¦setmask(v1,5-v3)¦setmask(v1,v3/v4)¦setmask(v1,2/v9)
setmask(v1,v4%3)¦setmask(v1,v4%v4)¦setmask(v1,v3**2)¦setmask(v1,v10**0.5)¦setmask(v1,sqrt(v4))¦setmask(v1,log(v4))¦setmask(v1,-v3)
setmask(v1,where(v3>10,v4,0))¦setmask(v1,minimum(v3,v4))¦setmask(v1,nomask)¦setmask(v1,1)¦setmask(v1,~getmask(v2))¦setmask(v1,v3*0)
setmask(v1,masked_equal(v3,30))¦setmask(v1,abs(v4))¦setmask(v1,v3&1)¦setmask(1,v1>2)¦setmask(1,nomask)¦masked_where(v1>2,3)
setmask(setmask(v1,v3>5),v4>5)¦setmask(v1,(v3-v4)/(v3+v4)>0)¦setmask(v1,v9/2)¦setmask(v1,1e3/v9)¦setmask(v1, v1-v1==0)
where(1,2,3)¦where(v1>3,100,0)¦where(v1>3,1.5,0)¦where(v1>3,nan,v1)¦where(v1,v2,v3)¦where(v10,1,2)¦where(1==1,v1,v2)¦where(v1>3,v1,300)
getmask(v1)¦getmask(1)¦~getmask(v1)¦getmask(v1)/getmask(v2)¦getmask(v1)+v2¦getmask(v1)*3¦1/getmask(v1)¦maximum(v9,v10)¦minimum(v9,0)¦maximum(1,2)
masked_inside(v1,100,2)¦masked_outside(v9,0,1)¦masked_inside(v1,v2,v3)¦masked_invalid(v9)¦masked_invalid(v1)¦masked_equal(v3,v4)
1/0¦1.0/0¦1%0¦1.5%0¦2**0.5*v1¦0**(-1)¦10**2*v1¦10**20¦v1*(2**3)¦v1*10**2¦~1.5¦1&1.5¦~1¦v1*(~1)¦v1+(1<2)¦v1+(1<2)*5
sqrt(4)*v1¦sqrt(-1)*v10¦v1+abs(-3)¦v1+maximum(1,2)¦v9*sqrt(4)¦maximum(1,2)/0*v10¦v1/0¦v1/0.0¦v9/0¦0/v1¦v3-v1¦v1-v3¦v4-v3¦v7-v8¦v5-v6
pi¦nan¦inf¦nomask¦sqrt¦sqrt+1¦v1+sqrt¦pi(3)¦nan(1)¦1(2)¦1.5(2)¦nomask(1)¦v1(2)¦v1()¦sqrt(v1)(2)¦(1==1)(2)¦abs(1)(2)¦sqrt(2)(1)
mod(v1)¦mod(v1,2)¦maximum(v1)¦maximum(v1,v2,v3)¦maximum(v1,x=v2)¦maximum(v1,v2,x=3)¦maximum(*v1,v2)¦maximum(*v1)¦where()¦sqrt(a for a in b)
maximum(v1,[1])¦dir(v1)¦open("x")¦foo¦v100¦__name__¦__import__("os").system("ls")¦foo+[1]¦[1]+foo¦v1+[1]¦v1+foo+bar¦foo(bar)¦exec("a")¦maximum(foo)
v1.size¦v1.mean()¦v1[0]¦v1[0](1)¦"hi"¦b"hi"¦f"{v1}"¦"a" f"b"¦...¦None¦True¦False¦1j¦[0]*10¦[]¦()¦(v1,)¦v1,v2¦{}¦{1}¦{1:2}¦{**v1}¦{*v1}
[a for a in b]¦{a for a in b}¦{a:b for a in b}¦(a for a in b)¦v1 if True else 0¦not v1¦+v1¦v1^v1¦v1//v2¦v1@v2¦v1<<2¦v1>>2¦v1 and v2¦v1 or v2
v1<v2<3¦v1 in v2¦v1 not in v2¦v1 is v2¦v1 is not v2¦lambda: 0¦lambda x,*y,z=1,**k: x¦await v1¦(yield)¦(yield v1)¦(yield from v1)¦(a:=1)¦f(a:=1)¦not v1+[1]
¦(¦(v1¦v1;v1¦k=v1¦v1)¦v1 v2¦1 2¦v1+¦+¦*v1¦*v1,¦(*v1)¦(*v1,)¦a:=1¦v1=¦=v1¦v1==¦==¦v1<>v2¦v1->v2¦v1!v2¦!v1¦v1?v2¦$¦`v1`¦v1\¦v1\ ¦ v1¦v1 ¦	v1
if¦import os¦import¦from x¦return v1¦pass¦print v1¦print¦match¦def¦class¦for¦None=1¦v1 if v2¦v1 if v2 else¦v1 else v2¦not¦and¦v1 and¦lambda¦lambda x¦lambda x=1,y:2
lambda *:1¦lambda *,a:1¦lambda a,/,b:1¦lambda /:1¦lambda **k:1¦lambda *a,*b:1¦lambda *,**k:1¦f(*)¦f(,)¦f(a,)¦f(a,,b)¦f(**a,b)¦f(a=1,b)¦f(**a,*b)¦f(a for a in b,c)¦f(a,b for b in c)
f(1=2)¦f(True=1)¦f(a=1)¦f(x=y:=1)¦a[]¦a[:]¦a[::]¦a[:,1:2,...]¦a[b:=1]¦a[*b]¦a[b¦a]¦{1:2,3}¦{1,2:3}¦[x:=1]¦{x:=1}¦[*a]¦[a for 1 in c]¦[a for f() in c]¦[a for a in b,c]
[a for a,b in c]¦[a for (a,*b) in c]¦[a async for a in b if c if d]¦[a for a in lambda: b]¦[a for in c]¦[*a for a in b]¦[for]¦(a for a in b)(c)¦[a for a[0] in b]
1_000*v1¦1__0¦1_¦_¦010¦00¦0_0¦0_1¦1.¦1.e5¦.5¦.5j¦1e¦1e+¦1e5_0¦1_e5¦0x1F*v1¦0x¦0xfg¦0o17¦0o8¦0b11¦0b12¦0777¦1abc¦1if 1else 2¦1jx¦0xFFand 1¦1.2.3¦1..real¦1.real¦0XF
'v1'¦'v1¦"v1¦'v1"¦"a" "b"¦b"a" "b"¦ur"x"¦u"x"¦rb"x"¦r'\'¦"\x1"¦"\u12"¦b'é'¦f"{"¦f"}"¦f"{}"¦f"{a!r:>{w}}"¦f"{a b}"¦f"{{}}"¦f"{a=}"¦f"{a!x}"¦f"{*a}"¦f"{a:{b}}"¦f'{a["b"]}'¦f"{a==b}"
é¦é+v1¦×¦v1 × v2¦v1 − v2¦“v1”¦v1 # comment¦# comment¦v1 and not v2¦not v1 and v2¦-v1**2¦~v1**2¦2**-1*v10¦v9**-1¦v10**-v9¦- - -v4¦~~v3¦-~v3¦--v9¦(((v1)))
v1.¦.v1¦v1..x¦v1.1¦v1.if¦v1. x¦v1 .x¦global¦async¦await¦yield¦yield v1¦raise v1¦del v1¦assert v1¦with v1¦__debug__¦v1.x.y.z¦a.b(c)[d]¦v1+v1.x¦foo.bar¦foo[0]¦foo(0)
"""
ODD = ["\nv1", "v1\n", "v1\r\n", "(v1\n+v2)", "v1\n+v2", "v1\\\n+v2", "v1 \n\n # x\n ", "v1\n \n", "v1\n # x", "v1\n ", "v1\\\n ", "\\\nv1", " \nv1", " # c\nv1", "\f v1", "  ", "v1\f+v2", "\fv1", "v1\x0b",
       '"a\nb"', '"""a\nb"""', "v1\u00a0", "\ufeffv1", "(" * 200 + "v1" + ")" * 200, "(" * 201 + "v1" + ")" * 201,
       "-" * 300 + "v3", "+".join(["v3"] * 200), "v1||v2", "v1|||v2",
       "v1|v2", "v1|v9", "(v1>3)|(v2>3)", "v7|(-1)", "v3|1", "v3|70000", "1|2", "setmask(v1,(v3>3)|(v4>3))"]


def main():
    texts = [text for line in WRITTEN.split("\n")[1:-1] for text in line.split("¦")] + ODD
    cases = {text: answer(text) for text in texts}
    while len(cases) < len(texts) + 400:
        text = one(random.choice([1, 1, 2, 2, 3]))
        # A remainder of what exp() gives depends on its last digit.
        amplified = "%" in text and any(f"{name}(" in text for name in MATHS)
        if text not in cases and not amplified and isinstance(answer(text), list):
            cases[text] = answer(text)
    operands = {name: {"type": a.dtype.name, "values": [number(v) for v in a.data],
                       "masked": [int(m) for m in a.mask]} for name, a in OPERANDS.items()}
    lines = ",\n".join(json.dumps([text, cases[text]], separators=(",", ":")) for text in cases)
    sys.stdout.write('{"operands":%s,\n"cases":[\n%s\n]}\n' % (json.dumps(operands), lines))


main()
