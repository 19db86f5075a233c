/** One thing that is wrong with an input: where (`data.object.addressInfo.zip`) and what (`expected string`). Never the value. */
export interface InputIssue {
  path: string;
  message: string;
}

/** An inbound event that is malformed: nothing of it was applied. The message joins the issues, `path: message`. */
export class InvalidEventError extends Error {
  override readonly name = 'InvalidEventError';
  readonly issues: readonly InputIssue[];
  constructor(issues: readonly InputIssue[]) {
    super(issues.map(({ path, message }) => `${path}: ${message}`).join('; '));
    this.issues = issues;
  }
}
