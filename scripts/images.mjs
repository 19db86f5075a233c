// Pins the images of Dockerfile and docker-compose.yml by digest: `images.mjs pin` resolves and writes, `check` fails
// on one without a digest, or with another than its tag names now. By the OCI distribution API, without Docker.
import { readFileSync, writeFileSync } from 'node:fs';

const files = ['Dockerfile', 'docker-compose.yml'];
const pattern = /^(\s*(?:FROM|image:) )([a-z0-9./-]+):([\w.-]+)(@sha256:[0-9a-f]{64})?/gm;
/** For a mirror, or a test. */
const registry = process.env.IMAGE_REGISTRY ?? 'https://registry-1.docker.io';
const accept = ['application/vnd.oci.image.index.v1+json', 'application/vnd.docker.distribution.manifest.list.v2+json'];

/** The digest of the multi-platform index that `name:tag` names now. */
async function digestOf(name, tag) {
  const repository = name.includes('/') ? name : `library/${name}`;
  const url = `${registry}/v2/${repository}/manifests/${tag}`;
  const ask = (headers = {}) => fetch(url, { method: 'HEAD', headers: { accept: accept.join(', '), ...headers } });
  let response = await ask();
  if (response.status === 401) response = await ask({ authorization: `Bearer ${await tokenFor(response)}` });
  const digest = response.headers.get('docker-content-digest');
  if (!response.ok || !/^sha256:[0-9a-f]{64}$/.test(digest ?? '')) throw new Error(`${url}: status ${response.status}`);
  return digest;
}

/** RFC 6750: the registry says where an anonymous token is had. */
async function tokenFor(response) {
  const challenge = response.headers.get('www-authenticate') ?? '';
  const { realm, ...query } = Object.fromEntries([...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, k, v]) => [k, v]));
  return (await (await fetch(`${realm}?${new URLSearchParams(query)}`)).json()).token;
}

async function visit(file, command) {
  const text = readFileSync(file, 'utf8');
  const pinned = new Map();
  let problems = 0;
  for (const [whole, before, name, tag, digest] of text.matchAll(pattern)) {
    const now = await digestOf(name, tag);
    pinned.set(whole, `${before}${name}:${tag}@${now}`);
    if (command === 'check' && digest !== `@${now}`) {
      problems += 1;
      console.error(
        `${file}: ${name}:${tag} is ${digest ? `pinned to ${digest.slice(1)}` : 'not pinned'}; it is ${now}`,
      );
    }
  }
  if (command === 'pin')
    writeFileSync(
      file,
      text.replace(pattern, (whole) => pinned.get(whole)),
    );
  console.log(`${file}: ${pinned.size} images`);
  return problems;
}

const command = process.argv[2];
if (command !== 'pin' && command !== 'check') throw new Error('images.mjs pin | check');
let problems = 0;
for (const file of files) problems += await visit(file, command);
process.exit(problems === 0 ? 0 : 1);
