"""Makes the golden vectors in this folder: a second implementation, written against the specifications alone.

Needs nothing but Python 3. `python3 make.py` rewrites the files; a change of any value is a change of the protocol.
"""

import hashlib
import hmac
import json
import pathlib
import struct

FOLDER = pathlib.Path(__file__).parent

# ---------------------------------------------------------------- keccak-256 and the contract ABI


def keccak(data: bytes) -> bytes:
    def rotate(x, n):
        return ((x << n) | (x >> (64 - n))) & (2**64 - 1) if n else x

    rate, lanes = 136, [[0] * 5 for _ in range(5)]
    padded = bytearray(data) + b"\x01" + bytes(-(len(data) + 1) % rate)
    padded[-1] |= 0x80
    for block in range(0, len(padded), rate):
        for i in range(rate // 8):
            lanes[i % 5][i // 5] ^= struct.unpack_from("<Q", padded, block + 8 * i)[0]
        lfsr = 1
        for _ in range(24):
            c = [a[0] ^ a[1] ^ a[2] ^ a[3] ^ a[4] for a in lanes]
            d = [c[(x - 1) % 5] ^ rotate(c[(x + 1) % 5], 1) for x in range(5)]
            lanes = [[lane ^ d[x] for lane in lanes[x]] for x in range(5)]
            x, y, current = 1, 0, lanes[1][0]
            for t in range(24):
                x, y = y, (2 * x + 3 * y) % 5
                current, lanes[x][y] = lanes[x][y], rotate(current, (t + 1) * (t + 2) // 2 % 64)
            rows = [[lanes[x][y] for x in range(5)] for y in range(5)]
            for y in range(5):
                for x in range(5):
                    lanes[x][y] = rows[y][x] ^ (~rows[y][(x + 1) % 5] & rows[y][(x + 2) % 5])
            for j in range(7):
                lfsr, bit = ((lfsr << 1) ^ (0x171 if lfsr & 0x80 else 0)) & 0xFF, lfsr & 1
                if bit:
                    lanes[0][0] ^= 1 << (2**j - 1)
    return b"".join(struct.pack("<Q", lanes[i % 5][i // 5]) for i in range(4))


def word(value) -> bytes:
    if isinstance(value, str) and value.startswith("0x"):
        raw = bytes.fromhex(value[2:])
        return raw if len(raw) == 32 else raw.rjust(32, b"\0")  # bytes32, or an address
    return (int(value) % 2**256).to_bytes(32, "big")


def dynamic(value) -> bytes:
    """The tail of a string or of a list."""
    if isinstance(value, str):
        text = value.encode()
        return word(len(text)) + text + bytes(-len(text) % 32)
    if value and isinstance(value[0], str):
        return word(len(value)) + encode(*[("dynamic", item) for item in value])
    return word(len(value)) + b"".join(map(word, value))


def encode(*values) -> bytes:
    """abi.encode; a dynamic value is a pair ("dynamic", value)."""
    head, tail = b"", b""
    for value in values:
        if isinstance(value, tuple):
            head += word(32 * len(values) + len(tail))
            tail += dynamic(value[1])
        else:
            head += word(value)
    return head + tail


def hexed(data: bytes) -> str:
    return "0x" + data.hex()


def unhex(text: str) -> bytes:
    return bytes.fromhex(text[2:])


# ---------------------------------------------------------------- secp256k1, RFC 6979, ECDSA, RFC 9381

P = 2**256 - 2**32 - 977
N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
BASE = (
    0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798,
    0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8,
)


def add(a, b):
    if a is None or b is None:
        return a or b
    if a[0] == b[0]:
        if (a[1] + b[1]) % P == 0:
            return None
        slope = 3 * a[0] * a[0] * pow(2 * a[1], -1, P)
    else:
        slope = (b[1] - a[1]) * pow(b[0] - a[0], -1, P)
    x = (slope * slope - a[0] - b[0]) % P
    return x, (slope * (a[0] - x) - a[1]) % P


def multiply(point, scalar):
    result = None
    for bit in bin(scalar % N)[2:]:
        result = add(result, result)
        if bit == "1":
            result = add(result, point)
    return result


def negate(point):
    return point[0], -point[1] % P


def compress(point) -> bytes:
    return bytes([2 + point[1] % 2]) + point[0].to_bytes(32, "big")


def deterministic_nonce(secret: int, digest: bytes) -> int:
    key, value = bytes(32), b"\x01" * 32
    seed = secret.to_bytes(32, "big") + (int.from_bytes(digest, "big") % N).to_bytes(32, "big")
    mac = lambda k, m: hmac.new(k, m, hashlib.sha256).digest()
    for separator in (b"\0", b"\x01"):
        key = mac(key, value + separator + seed)
        value = mac(key, value)
    while True:
        value = mac(key, value)
        if 0 < int.from_bytes(value, "big") < N:
            return int.from_bytes(value, "big")
        key = mac(key, value + b"\0")
        value = mac(key, value)


def ecdsa(secret: int, digest: bytes) -> bytes:
    """r, s, v with the lower s."""
    nonce = deterministic_nonce(secret, digest)
    x, y = multiply(BASE, nonce)
    s = pow(nonce, -1, N) * (int.from_bytes(digest, "big") + x * secret) % N
    parity = y % 2
    if s > N // 2:
        s, parity = N - s, 1 - parity
    return x.to_bytes(32, "big") + s.to_bytes(32, "big") + bytes([27 + parity])


def vrf(secret: int, alpha: bytes) -> dict:
    suite, sha = b"\xfe", lambda data: hashlib.sha256(data).digest()
    public = multiply(BASE, secret)
    witnesses = []
    for counter in range(256):
        x = int.from_bytes(sha(suite + b"\x01" + compress(public) + alpha + bytes([counter, 0])), "big")
        square = (x**3 + 7) % P
        root = pow(square, (P + 1) // 4, P)
        if x < P and root * root % P == square:
            break
        witness = pow(-square, (P + 1) // 4, P) if x < P else 0
        witnesses.append(P - witness if witness % 2 else witness)
    point = (x, P - root if root % 2 else root)

    gamma = multiply(point, secret)
    nonce = deterministic_nonce(secret, sha(compress(point)))
    commitments = multiply(BASE, nonce), multiply(point, nonce)
    statement = b"".join(map(compress, (public, point, gamma, *commitments)))
    c = int.from_bytes(sha(suite + b"\x02" + statement + b"\0")[:16], "big")
    s = (nonce + c * secret) % N

    u = add(multiply(BASE, s), negate(multiply(public, c)))
    s_hash, c_gamma = multiply(point, s), multiply(gamma, c)
    assert u == commitments[0] and add(s_hash, negate(c_gamma)) == commitments[1]
    fields = {
        "gammaX": gamma[0],
        "gammaY": gamma[1],
        "c": c,
        "s": s,
        "hashY": point[1],
        "uX": u[0],
        "uY": u[1],
        "sHashX": s_hash[0],
        "sHashY": s_hash[1],
        "cGammaX": c_gamma[0],
        "cGammaY": c_gamma[1],
        "inverse": pow(c_gamma[0] - s_hash[0], -1, P),
    }
    hints = {name: hexed(word(value)) for name, value in fields.items()}
    return {
        "public_key": hexed(compress(public)),
        "counter": counter,
        "pi": hexed(compress(gamma) + c.to_bytes(16, "big") + s.to_bytes(32, "big")),
        "beta": hexed(sha(suite + b"\x03" + compress(gamma) + b"\0")),
        "hints": hints | {"skipped": [hexed(word(value)) for value in witnesses]},
    }


# ---------------------------------------------------------------- agreement


def read_vector(data: bytes) -> list:
    return [value for (value,) in struct.iter_unpack(">h", data)]


def read_scores(data: bytes):
    words = [int.from_bytes(data[i : i + 32], "big") for i in range(0, len(data), 32)]
    if len(data) % 32 or len(words) < 4 or words[1] != 0x40 or words[2] != len(words) - 3:
        return None
    scores = [value - 2**256 if value >= 2**255 else value for value in words[3:]]
    if any(not -(2**31) <= score < 2**31 for score in scores):
        return None
    return scores if words[0] == scores.index(max(scores)) else None


def well_formed(profile: dict, answer: dict) -> bool:
    result, vector = unhex(answer["result"]), unhex(answer["vector"])
    if len(vector) != 2 * profile["dimension"] or not any(vector):
        return False
    rules = {"exact_bytes": lambda: True, "scores": lambda: read_scores(result) is not None, "vector": lambda: not result}
    return profile["rule"] in rules and rules[profile["rule"]]()


def agree(profile: dict, a: dict, b: dict) -> bool:
    if not well_formed(profile, a) or not well_formed(profile, b):
        return False
    if profile["rule"] == "scores":
        left, right = read_scores(unhex(a["result"])), read_scores(unhex(b["result"]))
        tolerance = profile["element_tolerance"]
        if len(left) != len(right) or any(abs(x - y) > tolerance for x, y in zip(left, right)):
            return False
        for one, other in ((left, right), (right, left)):
            if max(one) - one[other.index(max(other))] > tolerance:
                return False
    elif a["result"] != b["result"]:
        return False
    v, w = read_vector(unhex(a["vector"])), read_vector(unhex(b["vector"]))
    dot = lambda x, y: sum(i * j for i, j in zip(x, y))
    ab, aa, bb = dot(v, w), dot(v, v), dot(w, w)
    minimum = 10**9 - profile["max_cosine_distance_ppb"]
    norms = abs(aa - bb) * 10**6 <= profile["norm_tolerance_ppm"] * max(aa, bb)
    return norms and ab > 0 and ab * ab * 10**18 >= minimum * minimum * aa * bb


def cluster(profile: dict, answers: list):
    members = [[j for j, b in enumerate(answers) if agree(profile, a, b)] for a in answers]
    centre = max(range(len(answers)), key=lambda i: (len(members[i]), -i))
    return {"centre": centre, "members": members[centre]} if members[centre] else None


# ---------------------------------------------------------------- the vectors


def entry(kind: str, output, **given) -> dict:
    return {"kind": kind, "input": given, "output": output}


def write(name: str, entries: list):
    (FOLDER / f"{name}.json").write_text(json.dumps(entries, indent=2, ensure_ascii=False) + "\n")


def digest(*values) -> str:
    return hexed(keccak(encode(*values)))


def named(text: str) -> str:
    return hexed(keccak(text.encode()))


CHAIN = 412346
REGISTRY = "0x" + "a1" * 20
EXECUTORS = "0x" + "a2" * 20
CHANNELS = "0x" + "a3" * 20
VERIFIER = "0x" + "a4" * 20
DISTRIBUTOR = "0x" + "a5" * 20
REQUESTER = "0x" + "b1" * 20
OWNER = "0x" + "b2" * 20
PUBLISHER = "0x" + "b3" * 20
CONSUMER = "0x" + "c1" * 20
NAME = "all-MiniLM-L6-v2"
CLASS = "fp32/libtorch-2.11"
PAYER_KEY = "0x" + "5b" * 32
LABELS = ["treasury", "protocol upgrade", "Gemeinschaft ✓"]
INPUT = "Raise the block gas limit to 60 million."

model_id = digest(PUBLISHER, ("dynamic", NAME))
runtime_class = named(CLASS)
input_hash = named(INPUT)
parameters = encode(("dynamic", LABELS))
parameters_hash = hexed(keccak(parameters))

TERMS_TYPE = (
    "Terms(address requester,uint256 nonce,bytes32 modelId,uint32 version,bytes32 runtimeClass,uint64 pool,uint8 tier,"
    "uint8 committeeSize,uint8 quorum,bytes32 inputHash,bytes32 parametersHash,uint128 maxPricePerUnit,uint32 maxUnits,"
    "uint32 commitWindow,uint32 revealWindow,uint128 dispatchFee,uint128 advanceReserve,address callbackTarget,"
    "uint32 callbackGas,uint128 callbackFee,bool errorCallback,address refundTo)"
)
terms = {
    "requester": REQUESTER,
    "nonce": "7",
    "modelId": model_id,
    "version": "1",
    "runtimeClass": runtime_class,
    "pool": "0",
    "tier": "0",
    "committeeSize": "3",
    "quorum": "2",
    "inputHash": input_hash,
    "parametersHash": parameters_hash,
    "maxPricePerUnit": "1000000000000",
    "maxUnits": "256",
    "commitWindow": "60",
    "revealWindow": "60",
    "dispatchFee": "2000000000000000",
    "advanceReserve": "3000000000000000",
    "callbackTarget": CONSUMER,
    "callbackGas": "200000",
    "callbackFee": "4000000000000000",
    "errorCallback": "1",
    "refundTo": REQUESTER,
}
terms_hash = digest(named(TERMS_TYPE), *terms.values())
job_id = digest(CHAIN, REGISTRY, REQUESTER, 7, terms_hash)

write(
    "ids",
    [
        entry("model_id", model_id, publisher=PUBLISHER, name=NAME),
        entry("model_id", digest(PUBLISHER, ("dynamic", "")), publisher=PUBLISHER, name=""),
        entry("model_id", digest(PUBLISHER, ("dynamic", "modèle " * 5)), publisher=PUBLISHER, name="modèle " * 5),
        entry("runtime_class", runtime_class, name=CLASS),
        entry("offering_key", digest(model_id, 1, runtime_class, 0), model_id=model_id, version=1, runtime_class=runtime_class, pool=0),
        entry("job_id", job_id, chain_id=CHAIN, registry=REGISTRY, requester=REQUESTER, nonce="7", terms_hash=terms_hash),
    ],
)
write(
    "terms",
    [
        entry("terms_typehash", named(TERMS_TYPE), type=TERMS_TYPE),
        entry("terms_hash", terms_hash, terms=terms),
        entry("terms_hash", digest(named(TERMS_TYPE), *[0] * 22), terms={
            name: "0x" + "00" * len(unhex(value)) if value.startswith("0x") else "0" for name, value in terms.items()
        }),
    ],
)

COMMITMENT = named("INFERA-COMMITMENT-v1")
SALT = named("INFERA-SALT-v1")
secret = "0x" + "5a" * 32
salt = hexed(keccak(unhex(SALT) + unhex(secret) + unhex(job_id)))
scores = [412053, 731904, -20117]
result = encode(1, ("dynamic", scores))
elements = [123, -456, 789, -32768, 32767, 0]
vector = b"".join(struct.pack(">h", element) for element in elements)
result_hash, vector_hash = hexed(keccak(result)), hexed(keccak(vector))
write(
    "commitment",
    [
        entry("commitment_domain", COMMITMENT, name="INFERA-COMMITMENT-v1"),
        entry("salt_domain", SALT, name="INFERA-SALT-v1"),
        entry("salt", salt, secret=secret, job_id=job_id),
        entry(
            "commitment",
            digest(COMMITMENT, CHAIN, REGISTRY, job_id, OWNER, result_hash, vector_hash, salt),
            chain_id=CHAIN, registry=REGISTRY, job_id=job_id, executor=OWNER, result_hash=result_hash, vector_hash=vector_hash, salt=salt,
        ),
        entry("reveal_hash", digest(result_hash, vector_hash), result_hash=result_hash, vector_hash=vector_hash),
    ],
)

DOMAIN_TYPE = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
RECEIPT_TYPE = (
    "Receipt(bytes32 jobId,bytes32 modelId,uint32 version,bytes32 runtimeClass,bytes32 inputHash,bytes32 parametersHash,"
    "bytes32 resultHash,bytes32 vectorHash,bytes32 traceRoot,bytes32 beta,uint32 unitsIn,uint32 unitsOut,bool isFinal)"
)
POSSESSION_TYPE = "VrfPossession(address owner)"
SIGNER_POSSESSION_TYPE = "SignerPossession(address owner)"


def separator(contract: str) -> str:
    return digest(named(DOMAIN_TYPE), named("Infera"), named("1"), CHAIN, contract)


def signing_hash(contract: str, struct_hash: str) -> str:
    return hexed(keccak(b"\x19\x01" + unhex(separator(contract)) + unhex(struct_hash)))


VRF_KEY = 0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721
vif_input = {
    "chain_id": CHAIN,
    "registry": REGISTRY,
    "job_id": job_id,
    "model_id": model_id,
    "version": 1,
    "input_hash": input_hash,
    "parameters_hash": parameters_hash,
    "executor": OWNER,
    "beacon": named("beacon"),
}
alpha = digest(("dynamic", "INFERA-VIF-v1"), *vif_input.values())
vif = vrf(VRF_KEY, unhex(alpha))
receipt = {
    "jobId": job_id,
    "modelId": model_id,
    "version": "1",
    "runtimeClass": runtime_class,
    "inputHash": input_hash,
    "parametersHash": parameters_hash,
    "resultHash": result_hash,
    "vectorHash": vector_hash,
    "traceRoot": "0x" + "00" * 32,
    "beta": vif["beta"],
    "unitsIn": "23",
    "unitsOut": "0",
    "isFinal": "1",
}
possession = signing_hash(EXECUTORS, digest(named(POSSESSION_TYPE), OWNER))
secret_key = hexed(word(VRF_KEY))
write(
    "eip712",
    [
        entry("domain_separator", separator(REGISTRY), chain_id=CHAIN, contract=REGISTRY),
        entry("vrf_possession_typehash", named(POSSESSION_TYPE), type=POSSESSION_TYPE),
        entry("vrf_possession_digest", possession, chain_id=CHAIN, contract=EXECUTORS, owner=OWNER),
        entry(
            "vrf_possession_signature", hexed(ecdsa(VRF_KEY, unhex(possession))),
            chain_id=CHAIN, contract=EXECUTORS, owner=OWNER, secret_key=secret_key,
        ),
        entry("signer_possession_typehash", named(SIGNER_POSSESSION_TYPE), type=SIGNER_POSSESSION_TYPE),
        entry(
            "signer_possession_digest", signing_hash(EXECUTORS, digest(named(SIGNER_POSSESSION_TYPE), OWNER)),
            chain_id=CHAIN, contract=EXECUTORS, owner=OWNER,
        ),
        entry("receipt_typehash", named(RECEIPT_TYPE), type=RECEIPT_TYPE),
        entry(
            "receipt_digest", signing_hash(REGISTRY, digest(named(RECEIPT_TYPE), *receipt.values())),
            chain_id=CHAIN, contract=REGISTRY, receipt=receipt,
        ),
    ],
)

VOUCHER_TYPE = "Voucher(bytes32 channelId,uint128 cumulative,bytes32 receiptsRoot)"
STATEMENT_TYPE = (
    "ProofStatement(bytes32 jobId,address executor,bytes32 modelId,uint32 version,bytes32 runtimeClass,bytes32 inputHash,"
    "bytes32 parametersHash,bytes32 resultHash,bytes32 vectorHash)"
)


def merkle_root(level: list) -> str:
    while len(level) > 1:
        pairs = [sorted(map(unhex, level[i : i + 2])) for i in range(0, len(level), 2)]
        level = [hexed(keccak(b"".join(pair))) if len(pair) == 2 else hexed(pair[0]) for pair in pairs]
    return level[0] if level else "0x" + "00" * 32


channel_id = digest(CHAIN, CHANNELS, REQUESTER, OWNER, 3)
leaves = [named(f"receipt {i}") for i in range(5)]
voucher = {"channelId": channel_id, "cumulative": "1500000000000000000", "receiptsRoot": merkle_root(leaves)}
voucher_digest = signing_hash(CHANNELS, digest(named(VOUCHER_TYPE), *voucher.values()))
write(
    "channel",
    [
        entry("channel_id", channel_id, chain_id=CHAIN, contract=CHANNELS, payer=REQUESTER, payee=OWNER, open_nonce=3),
        entry("channel_job_id", digest(channel_id, 12), channel_id=channel_id, sequence=12),
        entry("voucher_typehash", named(VOUCHER_TYPE), type=VOUCHER_TYPE),
        entry("voucher_digest", voucher_digest, chain_id=CHAIN, contract=CHANNELS, voucher=voucher),
        entry(
            "voucher_signature", hexed(ecdsa(int.from_bytes(unhex(PAYER_KEY), "big"), unhex(voucher_digest))),
            chain_id=CHAIN, contract=CHANNELS, voucher=voucher, secret_key=PAYER_KEY,
        ),
        *[entry("receipts_root", merkle_root(leaves[:count]), leaves=leaves[:count]) for count in (5, 0, 1, 2, 3, 4)],
    ],
)
statement = {
    "jobId": job_id,
    "executor": OWNER,
    "modelId": model_id,
    "version": "1",
    "runtimeClass": runtime_class,
    "inputHash": input_hash,
    "parametersHash": parameters_hash,
    "resultHash": result_hash,
    "vectorHash": vector_hash,
}
write(
    "proof",
    [
        entry("proof_statement_typehash", named(STATEMENT_TYPE), type=STATEMENT_TYPE),
        entry(
            "proof_statement_digest", signing_hash(VERIFIER, digest(named(STATEMENT_TYPE), *statement.values())),
            chain_id=CHAIN, contract=VERIFIER, statement=statement,
        ),
    ],
)
reward = {"executor_id": 7, "settled": "1000000000000000000", "cumulative": "2500000000000000000"}
reward_inner = unhex(digest(CHAIN, DISTRIBUTOR, 7, 10**18, 25 * 10**17))
write("reward", [entry("reward_leaf", hexed(keccak(reward_inner)), chain_id=CHAIN, contract=DISTRIBUTOR, **reward)])


def vrf_entries(text: str) -> list:
    made = vrf(VRF_KEY, text.encode())
    hints, counter = made.pop("hints"), made.pop("counter")
    given = {"secret_key": secret_key, "alpha": hexed(text.encode())}
    return [
        entry("vrf", made, **given),
        entry("vrf_hints", hints, counter=counter, public_key=made["public_key"], alpha=given["alpha"], pi=made["pi"]),
    ]


# "test" first: it skips four counters, so its hints show all fields.
alphas = ["test", "sample", "", "a", "b", "c", "Infera", "x" * 300]
write("vrf", sorted((item for text in alphas for item in vrf_entries(text)), key=lambda item: item["kind"]))
write(
    "vif",
    [
        entry("vif_alpha", alpha, **vif_input),
        entry("vif", {"pi": vif["pi"], "beta": vif["beta"]}, secret_key=secret_key, alpha=alpha),
    ],
)

write(
    "vector",
    [
        entry("vector_bytes", hexed(vector), elements=elements),
        entry("vector_hash", vector_hash, elements=elements),
        # Inputs are exact binary fractions, so their decimal text loses nothing.
        entry("quantize", [1, -1, 2, -2, 0, 0, 3, -3, 4], values=[0.25, -0.25, 0.75, -0.75, 0.125, -0.125, 1.25, -1.25, 2.125], scale=2),
        entry("quantize", [16384, -16384, 32767, -32767, 8192, 1, 0], values=[0.5, -0.5, 1.0, -1.0, 0.25, 2**-15, 2**-17], scale=32767),
    ],
)
write(
    "output",
    [
        entry("zero_shot_result", hexed(result), scores=scores),
        entry("zero_shot_result", hexed(encode(0, ("dynamic", [-1]))), scores=[-1]),
        entry("zero_shot_result", hexed(encode(1, ("dynamic", [-(2**31), 2**31 - 1, 2**31 - 1]))), scores=[-(2**31), 2**31 - 1, 2**31 - 1]),
        entry("zero_shot_parameters", hexed(parameters), labels=LABELS),
        entry("zero_shot_parameters", hexed(encode(("dynamic", [""]))), labels=[""]),
        entry("zero_shot_parameters", hexed(encode(("dynamic", ["x" * 32, "y" * 33]))), labels=["x" * 32, "y" * 33]),
        entry("score", 731904, cosine=0.7319036),
        entry("score", 1, cosine=0.0000005),
        entry("score", -1, cosine=-0.0000005),
        entry("score", -1000000, cosine=-1.0),
    ],
)

# ---------------------------------------------------------------- comparison cases


def answer(vector: list, result: bytes = b"") -> dict:
    return {"result": hexed(result), "vector": hexed(b"".join(struct.pack(">h", element) for element in vector))}


def scored(*scores) -> bytes:
    return encode(scores.index(max(scores)), ("dynamic", list(scores)))


def profile(rule: str, dimension=2, ppb=1000, ppm=1000, tolerance=0) -> dict:
    return {
        "rule": rule,
        "dimension": dimension,
        "scale": 32767,
        "max_cosine_distance_ppb": ppb,
        "norm_tolerance_ppm": ppm,
        "element_tolerance": tolerance,
        "bit_exact": False,
    }


def corrupted(data: bytes, position: int, byte: int) -> bytes:
    return data[:position] + bytes([byte]) + data[position + 1 :]


good = scored(900, 100)
cases = {
    "equal vectors": (profile("vector"), [answer([3, 4])] * 3),
    "the cosine is exactly at the bound": (profile("vector", ppb=400_000_000, ppm=1_000_000), [answer([3, 4]), answer([5, 0])]),
    "the cosine is just beyond the bound": (profile("vector", ppb=399_999_999, ppm=1_000_000), [answer([3, 4]), answer([5, 0])]),
    "the norm is exactly at the bound": (profile("vector", ppm=190_000), [answer([100, 0]), answer([90, 0])]),
    "the norm is just beyond the bound": (profile("vector", ppm=189_999), [answer([100, 0]), answer([90, 0])]),
    "an opposite vector": (profile("vector", ppb=10**9), [answer([3, 4]), answer([-3, -4])]),
    "an orthogonal vector": (profile("vector", ppb=10**9), [answer([3, 4]), answer([4, -3])]),
    "a zero vector": (profile("vector"), [answer([0, 0]), answer([0, 0]), answer([1, 0])]),
    "wrong dimensions": (profile("vector"), [answer([1]), answer([1, 0, 0]), {"result": "0x", "vector": "0x000100"}]),
    "a result where none is due": (profile("vector"), [answer([1, 0], b"\0"), answer([1, 0])]),
    "no rule": (profile("none"), [answer([1, 0])] * 2),
    "the middle of a chain is the centre": (
        profile("vector", ppb=50_000, ppm=10_000),
        [answer([10_000, 0]), answer([10_000, 90]), answer([10_000, 180])],
    ),
    "a tie goes to the lowest position": (profile("vector"), [answer([0, 9]), answer([9, 0]), answer([0, 9]), answer([9, 0])]),
    "seven answers, two clusters": (profile("vector"), [answer([0, 9])] * 3 + [answer([9, 0])] * 4),
    "the largest vectors": (profile("vector", dimension=1024, ppb=0, ppm=0), [answer([-32768] * 1024)] * 2 + [answer([32767] * 1024)]),
    "exact bytes": (profile("exact_bytes"), [answer([1, 0], b"yes"), answer([1, 0], b"no"), answer([1, 0], b"yes")]),
    "exact bytes, both empty": (profile("exact_bytes"), [answer([1, 0]), answer([1, 0])]),
    "a right vector with another result": (profile("exact_bytes"), [answer([3, 4], b"yes"), answer([3, 4], b"no")]),
    "a right result with another vector": (profile("exact_bytes"), [answer([3, 4], b"yes"), answer([4, 3], b"yes")]),
    "scores at the tolerance": (profile("scores", tolerance=10), [answer([1, 0], good), answer([1, 0], scored(910, 90))]),
    "scores beyond the tolerance": (profile("scores", tolerance=10), [answer([1, 0], good), answer([1, 0], scored(911, 90))]),
    "another number of scores": (profile("scores", tolerance=10), [answer([1, 0], good), answer([1, 0], scored(900, 100, 0))]),
    "two ambiguous answers excuse each other's winner": (
        profile("scores", tolerance=10),
        [answer([1, 0], scored(900, 890, 0)), answer([1, 0], scored(895, 896, 0))],
    ),
    "only one side finds it ambiguous": (
        profile("scores", tolerance=10),
        [answer([1, 0], scored(900, 889, 0)), answer([1, 0], scored(895, 896, 0))],
    ),
    "an ambiguous answer between two winners does not join two that are clear": (
        profile("scores", tolerance=20),
        [answer([1, 0], scored(900, 870))] * 2 + [answer([1, 0], scored(885, 890))],
    ),
    "extreme scores": (
        profile("scores", tolerance=2**32 - 1),
        [answer([1, 0], scored(2**31 - 1, -(2**31))), answer([1, 0], scored(-(2**31), 2**31 - 1))],
    ),
    "malformed scores": (
        profile("scores", tolerance=1000),
        [
            answer([1, 0], bad)
            for bad in [
                good[:-1],
                good[:96],
                corrupted(good, 31, 1),
                corrupted(good, 0, 1),
                corrupted(good, 63, 0x60),
                corrupted(good, 95, 1),
                corrupted(good, 96, 0xFF),
            ]
        ],
    ),
    "the winner is not the first of equals": (
        profile("scores"),
        [answer([1, 0], corrupted(scored(5, 5), 31, 1)), answer([1, 0], scored(5, 5))],
    ),
}
write(
    "comparison",
    [
        entry("cluster", cluster(given, answers), case=case, profile=given, answers=answers)
        for case, (given, answers) in cases.items()
    ],
)
