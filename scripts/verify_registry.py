#!/usr/bin/env python3
"""离线核验匠册的操作日志：只用 Python 3.8 以上自带的库，不连网，不信任匠册，只信任您手里的公钥和旧检查点。

    python verify_registry.py 导出文件夹 --key 公钥 [--key 旧公钥] [--old 旧检查点 …] [--json]
    python verify_registry.py --receipt 回执.json --key 公钥 [--json]

公钥是一行文字“名称+编号+内容”，也可以是存有它的文件。退出码：0 全部一致，1 有不一致，2 无法核验。
树按 RFC 6962，签名与检查点按 C2SP（signed-note、tlog-checkpoint，Ed25519）。不超过 150 行，可以逐行读完。
"""
import argparse, base64, functools, hashlib, json, pathlib, sys  # noqa: E401, I001
P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D, SIDES = -121665 * pow(121666, -1, P) % P, {"detail_v1": "details.jsonl", "manifest_v1": "manifests.jsonl"}

def sha(*data):
    return hashlib.sha256(b"".join(data)).digest()

def point(data):
    y = int.from_bytes(data, "little") & (2**255 - 1)
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if (x * x - square) % P == 0 else x * pow(2, (P - 1) // 4, P) % P
    if len(data) != 32 or y >= P or (x * x - square) % P or (x == 0 and data[31] >> 7):
        raise ValueError("公钥或签名不是曲线上的点")
    return (x if x & 1 == data[31] >> 7 else P - x), y

def add(p, q):
    d = D * p[0] * q[0] * p[1] * q[1]
    return (p[0] * q[1] + p[1] * q[0]) * pow(1 + d, -1, P) % P, (p[1] * q[1] + p[0] * q[0]) * pow(1 - d, -1, P) % P

def times(number, p):
    half = times(number >> 1, add(p, p)) if number else (0, 1)
    return add(half, p) if number & 1 else half

def signed(public, text, signature):
    scalar, base = int.from_bytes(signature[32:], "little"), (4 * pow(5, -1, P) % P).to_bytes(32, "little")
    digest = int.from_bytes(hashlib.sha512(signature[:32] + public + text).digest(), "little") % L
    claimed = add(point(signature[:32]), times(digest, point(public)))
    return len(signature) == 64 and scalar < L and times(scalar, point(base)) == claimed

def read(path):
    return pathlib.Path(path).read_bytes().decode()

def read_key(text):
    name, number, data = (read(text) if pathlib.Path(text).is_file() else text).strip().split("+", 2)
    raw = base64.b64decode(data, validate=True)
    if raw[:1] != b"\x01" or len(raw) != 33 or sha(name.encode(), b"\n", raw)[:4].hex() != number:
        raise ValueError("公钥写法不对，或编号与内容不符")
    return name, bytes.fromhex(number), raw[1:]

def checkpoint(note, keys):
    text, _, lines = note.rpartition("\n\n")
    origin, size, root = text.split("\n")[:3]
    pairs = [(line.split(" ")[1], base64.b64decode(line.split(" ")[2])) for line in lines.splitlines()]
    found = [(key, data[4:]) for name, data in pairs for key in keys if key[:2] == (name, data[:4]) and name == origin]
    if not found or not all(signed(key[2], text.encode() + b"\n", signature) for key, signature in found):
        raise ValueError("检查点签名不对：改过，或不是该公钥所签" if found else "检查点没有所信任的公钥的签名")
    return int(size), base64.b64decode(root, validate=True)

def grow(heads, size, leaf):
    while size & 1:
        leaf, size = sha(b"\x01", heads.pop(), leaf), size >> 1
    heads.append(leaf)

def root_of(heads):
    return functools.reduce(lambda right, left: sha(b"\x01", left, right), heads[::-1]) if heads else sha()

def climb(leaf, index, size, proof):
    if size == 1 and index == 0:
        return leaf
    half, side = 1 << ((size - 1).bit_length() - 1), base64.b64decode(proof.pop())
    if index < half:
        return sha(b"\x01", climb(leaf, index, half, proof), side)
    return sha(b"\x01", side, climb(leaf, index - half, size - half, proof))

def read_lines(folder, name):
    with pathlib.Path(folder, name).open("rb") as file:
        for number, line in enumerate(file, 1):
            row = json.loads(line.decode())
            if json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode() + b"\n" != line:
                raise ValueError(f"{name} 第 {number} 行写法不规范，可能藏有重复的键")
            yield row

def side_holds(parts, row):
    if parts[0] == "detail_v1":
        return "salt" not in row or sha(bytes.fromhex(row["salt"]), row["detail"].encode()).hex() == parts[4]
    hashes, heads = base64.b64decode(row["hashes"]), []
    for at in range(0, len(hashes), 8192):  # 每 256 个行摘要是一片叶子
        grow(heads, at // 8192, sha(b"\x00", hashes[at : at + 8192]))
    ids = sha(",".join(map(str, row["ids"])).encode()).hex()
    return len(hashes) == 32 * len(row["ids"]) and [str(len(row["ids"])), ids, root_of(heads).hex()] == parts[5:8]

def verify_folder(folder, keys, olds, say):
    size, root = checkpoint(read(pathlib.Path(folder, "checkpoint")), keys)
    sides, heads, seen = {kind: read_lines(folder, name) for kind, name in SIDES.items()}, [], set()
    marks, bare = {old_size: sha() for _, (old_size, _) in olds}, 0
    for at, entry in enumerate(read_lines(folder, "entries.jsonl")):
        parts = entry["body"].split("|")
        if entry["i"] != at or (key := int(parts[1]) * 3 + "adm".index(parts[0][0])) in seen:
            raise ValueError(f"entries.jsonl 第 {at + 1} 行：应为第 {at} 条，实为 {entry['i']}，有缺漏、重复或错位")
        seen.add(key)
        grow(heads, at, sha(b"\x00", entry["body"].encode()))
        marks.update({at + 1: root_of(heads)} if at + 1 in marks else {})
        if parts[0] in SIDES:
            row = next(sides[parts[0]], {"i": "空"})
            if row["i"] != at:
                raise ValueError(f"{SIDES[parts[0]]}：应为第 {at} 条的内容，实为 {row['i']}，有缺行、多行或错位")
            bare += parts[0] == "detail_v1" and "salt" not in row
            if not side_holds(parts, row):
                say(f"第 {at} 条在 {SIDES[parts[0]]} 中的内容与日志不符")
    if (len(seen), root_of(heads)) != (size, root) or any(next(side, None) for side in sides.values()):
        say(f"检查点有 {size} 条，文件有 {len(seen)} 条，树根或条数不符：有记录被改、删、插或换了次序")
    for name, (old_size, old_root) in olds:
        if marks[old_size] != old_root:
            what = "日志被截短或回滚" if old_size > size else "此前的记录被改写过"
            say(f"与旧检查点 {name}（{old_size} 条）不一致：{what}")
    return f"{size} 条记录，树根 {root.hex()}，签名有效，{len(olds)} 个旧检查点一致；{bare} 份详情已抹除或未随附"

def verify_receipt(path, keys, olds, say):
    receipt = json.loads(read(path))
    size, root = checkpoint(receipt["checkpoint"], keys)
    row, leaf, piece = receipt["row"], receipt["leaf"], base64.b64decode(receipt["row"]["piece"])
    kind, *_, count, _, whole = leaf["body"].split("|")
    if sha(row["text"].encode()) != piece[row["at"] % 256 * 32 :][:32]:
        say("这一行的文字与清单中它的摘要不符")
    if climb(sha(b"\x00", piece), row["at"] // 256, -(-int(count) // 256), row["proof"]).hex() != whole:
        say("这一行的摘要不在清单里")
    if climb(sha(b"\x00", leaf["body"].encode()), leaf["i"], size, leaf["proof"]) != root or kind != "manifest_v1":
        say("清单不在检查点的日志里")
    return f"回执在 {size} 条记录的日志里，签名有效：{row['text']}"

def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", default="")
    parser.add_argument("--key", action="append", required=True)
    for name, more in (("--receipt", {}), ("--old", {"nargs": "+"}), ("--json", {"action": "store_true"})):
        parser.add_argument(name, **more)
    args, problems, summary, failed = parser.parse_args(), [], "", 2
    try:
        keys = [read_key(text) for text in args.key]
        olds = [(path, checkpoint(read(path), keys)) for path in args.old or []]
        verify, failed = verify_receipt if args.receipt else verify_folder, 1
        summary = verify(args.receipt or args.folder, keys, olds, problems.append)
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        problems.append(f"缺失或写法不对：{type(error).__name__} {error}")
    told = "\n".join([*problems[:20], f"不一致：{len(problems)} 处" if problems else f"一致：{summary}"])
    print(json.dumps({"ok": not problems, "problems": problems, "told": told}) if args.json else told)
    return failed if problems else 0

if __name__ == "__main__":
    sys.exit(main())
