// One code, one answer: every check by name, in order. Green only at the very end (docs/flows/code.md, "Reading").

import { Answer, base64url, same } from "./bytes.js";
import { checkSignature, readCode } from "./code.js";
import { LEEWAY, statusAt, trusted } from "./signed.js";

const STATUS = ["", "revoked", "suspended", "replaced"];

/**
 * evidence: { trust, trustProblem, list(number) -> { list } or { problem } }. now: Unix seconds.
 * Returns { reason, checks: [[step, result]], code, trust, list }.
 */
export async function judge(text, { verifyUrl, testEdition, evidence, now }) {
  const told = { reason: "not-checked", checks: [], code: null, trust: evidence.trust, list: null };
  const passed = (step) => told.checks.push([step, "passed"]);
  let step = "code-form";
  try {
    const code = (told.code = readCode(text, verifyUrl));
    passed(step);

    step = "code-key";
    if (!evidence.trust) throw new Answer(evidence.trustProblem ?? "no-trust-list");
    const keys = trusted(evidence.trust, "code", code.issued).filter(({ kid }) => same(base64url(kid).subarray(0, 8), code.kid));
    if (!keys.length) throw new Answer("unknown-key");
    passed(step);

    step = "code-signature";
    if (!(await checkSignature(code, keys))) throw new Answer("forged");
    passed(step);

    step = "edition";
    if (code.test && !testEdition) throw new Answer("wrong-edition");
    passed(step);

    step = "status"; // before the dates: that a license was revoked outweighs that it has expired
    const { list, problem } = evidence.list(code.list);
    told.list = list;
    const status = list ? statusAt(list, code.index) : 0;
    if (status !== 0) throw new Answer(STATUS[status]);

    step = "dates";
    if (evidence.clockOff || code.issued > now + LEEWAY) throw new Answer("clock-wrong");
    if (code.expires !== null && code.expires <= now) throw new Answer("expired");
    passed(step);

    step = "status";
    if (!list) throw new Answer(problem ?? "no-status");
    passed(step);

    told.reason = "code-in-force"; // every step above has passed: nothing else leads here
  } catch (error) {
    told.reason = error instanceof Answer ? error.reason : "not-checked";
    told.checks.push([step, "failed"]);
  }
  return told;
}
