import { createTransport } from 'nodemailer';

const verifyMs = 10_000;

/** Connects and signs in, and sends nothing. @throws what the server or the connection said, without addresses */
export async function verifySmtp(smtpUrl: string): Promise<void> {
  const timeouts = {
    connectionTimeout: verifyMs,
    greetingTimeout: verifyMs,
    dnsTimeout: verifyMs,
    socketTimeout: verifyMs,
  };
  const transport = createTransport({ url: smtpUrl, ...timeouts, logger: false });
  try {
    await transport.verify();
  } catch (error) {
    const { code = '', responseCode, message } = error as { code?: string; responseCode?: number; message: string };
    // Of a connection that was not made the words are the system's; a server's may quote what it was told.
    if (['ECONNECTION', 'ESOCKET', 'EDNS'].includes(code)) throw new Error(`The mail server is away: ${message}.`);
    throw new Error(`The mail server refused: ${[code, responseCode].filter(Boolean).join(' ')}.`);
  } finally {
    transport.close();
  }
}
