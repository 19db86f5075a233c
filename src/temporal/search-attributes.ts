import { type Connection, ServiceError } from '@temporalio/client';
import proto from '@temporalio/proto';
import { searchAttributeKeys } from '../../workflows/search-attributes.ts';

// A CommonJS module whose names Node cannot see from here.
const { temporal } = proto;

const { IndexedValueType } = temporal.api.enums.v1;
const valueTypes: Record<string, number> = {
  KEYWORD: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
  BOOL: IndexedValueType.INDEXED_VALUE_TYPE_BOOL,
};

/** Those that a namespace lacks. */
export async function missingSearchAttributes(connection: Connection, namespace: string) {
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  return searchAttributeKeys.filter(({ name }) => customAttributes?.[name] === undefined);
}

/**
 * Registers the search attributes that a namespace lacks. Throws, naming the command to run, where this needs rights
 * that the credentials do not have: Temporal Cloud gives them to no worker.
 */
export async function ensureSearchAttributes(connection: Connection, namespace: string): Promise<void> {
  const missing = await missingSearchAttributes(connection, namespace);
  if (missing.length === 0) return;
  try {
    await connection.operatorService.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(missing.map(({ name, type }) => [name, valueTypes[type] ?? 0])),
    });
  } catch (cause) {
    const names = missing.map(({ name, type }) => `--name ${name} --type ${type === 'BOOL' ? 'Bool' : 'Keyword'}`);
    const command = `temporal operator search-attribute create --namespace ${namespace} ${names.join(' ')}`;
    const reason = cause instanceof ServiceError || cause instanceof Error ? cause.message : String(cause);
    throw new Error(`Search attributes are missing and cannot be registered from here (${reason}). Run: ${command}`, {
      cause,
    });
  }
}

/** Whether the server notes in `TemporalReportedProblems` which workflows' tasks fail; older ones do not. */
export async function reportsProblems(connection: Connection, namespace: string): Promise<boolean> {
  const { systemAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  return systemAttributes?.TemporalReportedProblems !== undefined;
}
