#!/usr/bin/env python3
"""离线核验证书二维码：只用 Python 3.8 以上自带的库，不连网，不信任匠册，只信任您手里的公钥。

    python verify_certificate.py --keys jwks.json 二维码链接 [链接 …] [--list 名单 …] [--json]

公钥取自 /.well-known/jwks.json，名单取自 /.well-known/certificate-status/（撤销和暂停各一份），均可事先保存。
链接写作 - 时从标准输入逐行读。退出码：0 签名都有效且不在名单上，1 有一条不是，2 无法核验。签名有效不等于现在有效。
格式：COSE_Sign1（RFC 9052），确定性 CBOR（RFC 8949 §4.2.1），Ed25519；名单是 W3C Bitstring Status List。
"""
import argparse, base64, datetime, gzip, hashlib, json, pathlib, sys  # noqa: E401, I001
P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D, ROOT = -121665 * pow(121666, P - 2, P) % P, pow(2, (P - 1) // 4, P)
BASE = (4 * pow(5, P - 2, P) % P).to_bytes(32, "little")
LETTERS, FIELDS = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz", {3: "编号", 4: "姓名", 9: "发证机构"}
Bad = type("Bad", (Exception,), {})

def point(data):  # 扩展坐标 (X, Y, Z, T)，RFC 8032 §5.1
    y = int.from_bytes(data, "little") & (2**255 - 1)
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if (x * x - square) % P == 0 else x * ROOT % P
    if len(data) != 32 or y >= P or (x * x - square) % P or (x == 0 and data[31] >> 7):
        raise Bad("公钥或签名不是曲线上的点")
    x = x if x & 1 == data[31] >> 7 else P - x
    return x, y, 1, x * y % P

def add(p, q):
    a, b, c, d = (p[1] - p[0]) * (q[1] - q[0]), (p[1] + p[0]) * (q[1] + q[0]), 2 * p[3] * q[3] * D, 2 * p[2] * q[2]
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P

def times(number, p):
    half = times(number >> 1, add(p, p)) if number else (0, 1, 1, 0)
    return add(half, p) if number & 1 else half

def signed(public, text, signature):
    scalar = int.from_bytes(signature[32:], "little")
    digest = int.from_bytes(hashlib.sha512(signature[:32] + public + text).digest(), "little") % L
    left, right = times(scalar, point(BASE)), add(point(signature[:32]), times(digest, point(public)))
    same = all((left[axis] * right[2] - right[axis] * left[2]) % P == 0 for axis in (0, 1))
    return len(signature) == 64 and scalar < L and same

def item(data, at, depth=0):  # 确定性 CBOR，只认一种写法
    kind, low, at = data[at] >> 5, data[at] & 31, at + 1
    if depth > 4 or low > 27:
        raise Bad("写法不规范")
    size = 1 << (low - 24) if low > 23 else 0
    number, at = int.from_bytes(data[at : at + size], "big") if size else low, at + size
    if kind > 5 or at > len(data) or (size and number < (24, 256, 65536, 2**32)[low - 24]):
        raise Bad("写法不规范")
    if kind < 2:
        return (-1 - number if kind else number), at
    if kind < 4:
        raw, at = data[at : at + number], at + number
        return (raw if kind == 2 else raw.decode()), at
    found = []
    while len(found) < number * (kind - 3):
        value, at = item(data, at, depth + 1)
        found.append(value)
    keys = found[::2] if kind == 5 else []
    if any(type(key) is not int for key in keys) or keys != sorted(set(keys)):
        raise Bad("写法不规范")
    return ({key: found[2 * turn + 1] for turn, key in enumerate(keys)} if kind == 5 else found), at

def whole(data):
    value, at = item(data, 0)
    if at == len(data):
        return value
    raise Bad("内容不全或有多余")

def asbytes(data):
    size = (len(data) > 23) + (len(data) > 255)
    return bytes([0x57 + size]) + len(data).to_bytes(size, "big") + data if size else bytes([0x40 + len(data)]) + data

def unbase64(text):
    raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if base64.urlsafe_b64encode(raw).rstrip(b"=").decode() == text:
        return raw
    raise Bad("写法不规范")

def check(link, keys):
    raw = unbase64(link.strip().rpartition("#")[2])
    parts = whole(raw[1:]) if raw[:1] == b"\x01" else None
    if type(parts) is not list or [type(part) for part in parts] != [bytes, dict, bytes, bytes] or parts[1]:
        raise Bad("不是匠册的二维码")
    heads, _, payload, signature = parts
    header, claims = whole(heads), whole(payload)
    kid = header.get(4, b"").decode() if isinstance(header, dict) else ""
    if header != {1: -8, 4: kid.encode()} or not isinstance(claims, dict) or [claims[1], claims[10]] != [1, kid]:
        raise Bad("不是匠册的二维码")
    if kid not in keys:
        raise Bad(f"没有编号为 {kid} 的公钥")
    text = b"\x84\x6aSignature1" + asbytes(heads) + b"\x40" + asbytes(payload)
    if not signed(unbase64(keys[kid]["x"]), text, signature) or keys[kid].get("issuer", claims[2]) != claims[2]:
        raise Bad("签名无效或非本系统签发")
    return claims

def canonical(part):  # RFC 8785；名单里只有文字，照此即可
    return hashlib.sha256(json.dumps(part, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()).digest()

def read_list(path, keys):  # 名单的签名也要核对（eddsa-jcs-2022）
    document = json.loads(pathlib.Path(path).read_text("utf-8"))
    proof, subject = document.pop("proof"), document["credentialSubject"]
    number = sum(58**place * LETTERS.index(letter) for place, letter in enumerate(proof.pop("proofValue")[:0:-1]))
    (body, _, kid), text = proof["verificationMethod"].rpartition("#"), canonical(proof) + canonical(document)
    key, signature = keys.get(kid, {}), number.to_bytes(64, "big")
    good = body == document["issuer"] == key.get("did") and key.get("state") != "compromised"
    if not good or not signed(unbase64(key["x"]), text, signature):
        raise Bad(f"名单 {path} 的签名不对")
    place = (body, int(document["id"].split("/")[-2]), subject["statusPurpose"])
    return place, (gzip.decompress(base64.urlsafe_b64decode(subject["encodedList"][1:] + "===")), document["validFrom"])

def answer(claims, keys, lists):
    key, index = keys[claims[10]], claims[11][1]
    for purpose, words in (("revocation", "已撤销或已换发"), ("suspension", "暂停")):
        bits, at = lists.get((key.get("did"), claims[11][0], purpose), (b"", ""))
        if bits and bits[index >> 3] & (0x80 >> (index & 7)):
            return False, f"{words}（数据截至 {at}）"
    if 14 in claims and (last := datetime.date(1970, 1, 1) + datetime.timedelta(claims[14])) < datetime.date.today():
        return False, f"已过期（有效期至 {last}）"
    if key.get("state") == "compromised":
        return False, "签发密钥已泄露，须联网核对"
    dates = [at for (*place, _), (_, at) in lists.items() if place == [key.get("did"), claims[11][0]]]
    return True, "签名有效，撤销状态未核对" + (f"（数据截至 {min(dates)}）" if len(dates) == 2 else "（没有名单）")

def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    flags = {"links": {"nargs": "+"}, "--keys": {"required": True}, "--list": {"nargs": "+"}}
    for name, more in {**flags, "--json": {"action": "store_true"}}.items():
        parser.add_argument(name, **more)
    args, good = parser.parse_args(), True
    try:
        keys = {key["kid"]: key for key in json.loads(pathlib.Path(args.keys).read_text("utf-8"))["keys"]}
        lists = dict(read_list(path, keys) for path in args.list or [])
    except (Bad, OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        return print(f"无法核验：{error}") or 2
    for link in sys.stdin if args.links == ["-"] else args.links:
        claims = {}
        try:
            claims = check(link, keys)
            fine, said = answer(claims, keys, lists)
        except (Bad, ValueError, LookupError, TypeError, AttributeError) as error:
            fine, said = False, str(error) if isinstance(error, Bad) else "不是匠册的二维码"
        good, told = good and fine, {words: claims[key] for key, words in FIELDS.items() if key in claims}
        line = json.dumps({"ok": fine, "said": said, **told}, ensure_ascii=False)
        print(line if args.json else "　".join([said, *map(str, told.values())]))
    return 0 if good else 1

if __name__ == "__main__":
    sys.exit(main())
