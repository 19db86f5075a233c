import type { RenderedMail } from './render.ts';

export interface Mail extends RenderedMail {
  /**
   * What the mail is about, once for ever: its Message-ID is made of it,
   * so that a repeat after a crash can be recognized.
   */
  id: string;
  to: readonly string[];
}

/** What became of a mail for each of its recipients. What the server answers is a value; it never throws for it. */
export interface Sent {
  accepted: string[];
  /** Refused for good: trying again would change nothing. */
  refused: string[];
  /** Not now. */
  deferred: string[];
  /**
   * Why some were deferred or refused: codes only, since servers
   * quote addresses in their words. Null when all were accepted.
   */
  reason: string | null;
}

export interface Mailer {
  /** @param signal ends the sending early; the recipients are deferred then */
  send(mail: Mail, signal?: AbortSignal): Promise<Sent>;
  /** The newest mails that were kept here instead of being sent, oldest first; empty where there is a mail server. */
  captured(): readonly CapturedMail[];
  /** Ends idle connections at once, and one that is sending when it has sent. */
  close(): void;
}

/** A mail that was kept instead of being sent. */
export interface CapturedMail extends Mail {
  messageId: string;
  at: Date;
  /** The whole message as it would have gone out, for any mail program. */
  file: string;
}
