"""The lies: what each one is, what it means if a site believes it, and how to put it right."""

from dataclasses import dataclass

GRAVE, MINOR = "grave", "minor"


@dataclass(frozen=True)
class Fault:
    """One way in which an answer can be wrong. Texts in English and Chinese."""

    name: str
    what: tuple[str, str]
    means: tuple[str, str]
    cure: tuple[str, str]
    weight: str = GRAVE


_FORGED = (
    "Anybody can write himself an ID token and come in as whomever he likes.",
    "任何人都可以自己写一个 ID 令牌,冒充任何人登录。",
)
_OTHER_SITE = (
    "A token that was given to another site opens yours: its operator can come in as any of its visitors.",
    "发给别的网站的令牌也能打开您的网站:那个网站的运营者可以冒充它的任何访客。",
)
_SIGNATURE = (
    "Check the signature against jwks_uri, with the algorithm that you registered and no other.",
    "用 jwks_uri 的公钥校验签名,只接受您登记的算法。",
)
FAULTS = (
    Fault(
        "alg-none",
        ("an ID token without a signature (alg none)", "没有签名的 ID 令牌(alg 为 none)"),
        _FORGED,
        _SIGNATURE,
    ),
    Fault(
        "foreign-key",
        ("an ID token signed by a key that is not the provider's", "用不属于认证平台的密钥签名的 ID 令牌"),
        (
            "Signatures are not checked: TLS alone stands between you and a forged ID token (Core 3.1.3.7 allows it, we do not).",
            "没有校验签名:只有 TLS 在阻挡伪造的 ID 令牌(标准 Core 3.1.3.7 允许,本平台不允许)。",
        ),
        _SIGNATURE,
    ),
    Fault(
        "public-key-as-secret",
        ("an ID token signed by HS256 with the public key as the secret", "把公钥当作密钥、用 HS256 签名的 ID 令牌"),
        _FORGED,
        _SIGNATURE,
    ),
    Fault(
        "wrong-issuer",
        ("an ID token of another issuer", "另一个签发者的 ID 令牌"),
        _FORGED,
        (
            "Compare iss with the issuer of the discovery document, byte by byte.",
            "将 iss 与发现文档中的 issuer 逐字节比对。",
        ),
    ),
    Fault(
        "wrong-audience",
        ("an ID token for another site", "发给另一个网站的 ID 令牌"),
        _OTHER_SITE,
        ("Refuse a token whose aud is not your client id.", "aud 不是您的客户端编号时,拒绝该令牌。"),
    ),
    Fault(
        "expired",
        ("an ID token that ended an hour ago", "一小时前已过期的 ID 令牌"),
        ("A token that was stolen once opens your site for ever.", "令牌一旦被窃,就可以永远打开您的网站。"),
        (
            "Refuse a token whose exp has passed; ten seconds of tolerance are enough.",
            "exp 已过的令牌应拒绝;容差十秒足够。",
        ),
    ),
    Fault(
        "wrong-nonce",
        ("an ID token with another nonce", "nonce 不符的 ID 令牌"),
        ("A token from another sign-in can be slipped in.", "可以混入另一次登录的令牌。"),
        (
            "Send a fresh nonce each time, keep it in the session, compare it.",
            "每次发送新的 nonce,存入会话,并加以比对。",
        ),
    ),
    Fault(
        "no-nonce",
        ("an ID token without the nonce that was asked for", "缺少所要求的 nonce 的 ID 令牌"),
        ("A token from another sign-in can be slipped in.", "可以混入另一次登录的令牌。"),
        ("A nonce that was sent must come back.", "发送过的 nonce 必须原样返回。"),
    ),
    Fault(
        "no-subject",
        ("an ID token without a subject", "没有 sub 的 ID 令牌"),
        ("Nobody knows who is signed in.", "无人知道登录的是谁。"),
        ("Refuse a token without sub.", "没有 sub 的令牌应拒绝。"),
    ),
    Fault(
        "wrong-state",
        ("an answer with another state", "state 不符的回应"),
        (
            "Somebody can sign your visitor in as himself: what the visitor then enters is his.",
            "攻击者可以让您的访客以攻击者的身份登录:访客随后填写的内容都归攻击者。",
        ),
        ("Send a random state, bind it to the browser, compare it.", "发送随机的 state,与浏览器绑定,并加以比对。"),
    ),
    Fault(
        "no-state",
        ("an answer without the state that was asked for", "缺少 state 的回应"),
        (
            "Somebody can sign your visitor in as himself: what the visitor then enters is his.",
            "攻击者可以让您的访客以攻击者的身份登录:访客随后填写的内容都归攻击者。",
        ),
        ("A state that was sent must come back.", "发送过的 state 必须原样返回。"),
    ),
    Fault(
        "other-browser",
        ("a good answer, brought by another browser", "由另一个浏览器带来的有效回应"),
        (
            "Whoever gets hold of an address of your callback, from a log or a referrer, is signed in.",
            "谁得到您的回调地址(从日志或来源地址中),谁就登录了。",
        ),
        (
            "Bind state, nonce and PKCE verifier to the browser's session.",
            "将 state、nonce、PKCE 校验值与浏览器会话绑定。",
        ),
    ),
    Fault(
        "wrong-answerer",
        ("an answer in the name of another provider (iss)", "以另一个平台名义作出的回应(iss)"),
        (
            "With more than one provider, a bad one can have codes of ours delivered to itself (mix-up).",
            "接入多个平台时,恶意平台可以骗取本平台的授权码(混淆攻击)。",
        ),
        (
            "Compare the parameter iss of the answer with the issuer (RFC 9207).",
            "将回应中的 iss 参数与 issuer 比对(RFC 9207)。",
        ),
    ),
    Fault(
        "no-answerer",
        ("an answer without iss, though the provider promises it", "缺少 iss 的回应(而平台承诺会带上)"),
        (
            "With more than one provider, a bad one can have codes of ours delivered to itself (mix-up).",
            "接入多个平台时,恶意平台可以骗取本平台的授权码(混淆攻击)。",
        ),
        (
            "Refuse an answer without iss when the discovery document promises it.",
            "发现文档承诺带 iss 时,缺少 iss 的回应应拒绝。",
        ),
        MINOR,
    ),
    Fault(
        "wrong-at-hash",
        ("an ID token whose at_hash does not fit the access token", "at_hash 与访问令牌不符的 ID 令牌"),
        ("An access token of somebody else can be slipped in.", "可以混入他人的访问令牌。"),
        ("Compare at_hash when it is there.", "有 at_hash 时加以比对。"),
        MINOR,
    ),
    Fault(
        "other-userinfo",
        ("userinfo about somebody else", "userinfo 描述的是另一个人"),
        ("The name of one person is shown with the account of another.", "会把一个人的姓名用在另一个人的账户上。"),
        ("Compare the sub of userinfo with that of the ID token.", "将 userinfo 的 sub 与 ID 令牌的 sub 比对。"),
        MINOR,
    ),
)
# What the request itself should hold.
ASKED = {
    "state": ("the request holds no state", "请求中没有 state"),
    "nonce": ("the request holds no nonce", "请求中没有 nonce"),
    "pkce": ("the request holds no PKCE challenge by S256", "请求中没有 S256 的 PKCE 校验值"),
}
