import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import proto from '@temporalio/proto';
import { searchAttributeKeys } from '../../workflows/search-attributes.ts';
import { installRuntimeOnce } from './runtime.ts';

// A CommonJS module whose names Node cannot see from here.
const { INDEXED_VALUE_TYPE_BOOL, INDEXED_VALUE_TYPE_KEYWORD } = proto.temporal.api.enums.v1.IndexedValueType;

/**
 * Temporal's test server, whose clock jumps to the next timer when nothing runs.
 * It is a Java program, found with Maven.
 */
const version = '1.38.0';
const folder = join(homedir(), '.cache', 'spark360-events', `temporal-test-server-${version}`);

const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>spark360</groupId><artifactId>time-skipping</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>io.temporal</groupId><artifactId>temporal-test-server</artifactId><version>${version}</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-nop</artifactId><version>1.7.36</version></dependency>
  </dependencies>
</project>
`;
const wrapper = `#!/bin/sh
exec java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -cp '${folder}/lib/*' io.temporal.testserver.TestServer "$@"
`;

const runs = (command: string): boolean => spawnSync(command, ['-version'], { stdio: 'ignore' }).status === 0;

/** The server's start script, fetched once into the user's cache; null where there is no Java or no Maven. */
async function serverScript(): Promise<string | null> {
  if (!runs('java')) return null;
  const script = join(folder, 'server.sh');
  if (existsSync(script)) return script;
  if (!runs('mvn')) return null;
  process.stderr.write(`Fetching Temporal's time-skipping test server ${version} with Maven (40 MB, once) …\n`);
  await mkdir(join(folder, '..'), { recursive: true });
  const work = await mkdtemp(`${folder}-`);
  try {
    await writeFile(join(work, 'pom.xml'), pom);
    await writeFile(join(work, 'server.sh'), wrapper);
    await chmod(join(work, 'server.sh'), 0o755);
    const copy = ['-q', '-B', 'dependency:copy-dependencies', '-DoutputDirectory=lib'];
    const { status, stdout } = spawnSync('mvn', copy, { cwd: work, encoding: 'utf8' });
    if (status !== 0) throw new Error(`Maven could not fetch the test server: ${stdout.trim().slice(-500)}`);
    await rm(folder, { recursive: true, force: true });
    await rename(work, folder); // at once whole
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return script;
}

/** This server cannot list them, as the service does at its start: it can only add. */
const addSearchAttributes = ({ connection }: TestWorkflowEnvironment) =>
  connection.operatorService.addSearchAttributes({
    namespace: 'default',
    searchAttributes: Object.fromEntries(
      searchAttributeKeys.map(({ name, type }) => [
        name,
        type === 'BOOL' ? INDEXED_VALUE_TYPE_BOOL : INDEXED_VALUE_TYPE_KEYWORD,
      ]),
    ),
  });

const startAttempts = 4;

/**
 * A server of a test's own, in whose time hours pass in a moment.
 * Where it cannot be had the error says what to install.
 */
export async function timeSkippingEnvironment(): Promise<TestWorkflowEnvironment> {
  const path = await serverScript();
  installRuntimeOnce();
  for (let attempt = 1; ; attempt += 1) {
    try {
      // Without Java the SDK downloads a native build of the same server, where it can.
      const environment = await TestWorkflowEnvironment.createTimeSkipping(
        path === null ? {} : { server: { executable: { type: 'existing-path', path } } },
      );
      await addSearchAttributes(environment);
      return environment;
    } catch (cause) {
      // The SDK waits five seconds for it, which a busy machine may need for starting Java alone.
      if (attempt < startAttempts) continue;
      const advice = path === null ? ' Install Java and Maven, or let this machine reach temporal.download.' : '';
      throw new Error(`Temporal's time-skipping test server did not start.${advice}`, { cause });
    }
  }
}
