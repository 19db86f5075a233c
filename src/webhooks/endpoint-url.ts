/** The one form in which a URL is stored, listed and used; or why it is refused. */
type ReadUrl = { ok: true; url: URL } | { ok: false; message: string };

const maxLength = 2_048;
/** The parser drops or mends these without a word, so that what is used would not be what was written. */
const mended = /[\s\p{Cc}\\]/u;
const withAuthority = /^https?:\/\/([^/?#]+)/i;

/**
 * Reads an endpoint's URL as the URL parser writes it (WHATWG URL), without blanks around it and without the host's
 * last dot, which no server name has (RFC 6066 §3). What the parser reads otherwise than a person would is refused.
 */
export function readEndpointUrl(text: string): ReadUrl {
  const trimmed = text.trim();
  if (mended.test(trimmed)) return refused('must not contain blanks, line ends, control characters or backslashes');
  if (!URL.canParse(trimmed)) return refused('must be a valid URL');
  const [, authority] = withAuthority.exec(trimmed) ?? [];
  if (authority === undefined) return refused('must start with https://');
  if (authority.includes('@')) return refused('must not contain a user name or password');
  if (trimmed.includes('#')) return refused('must not contain a fragment (#…), which is never sent');
  const url = new URL(trimmed);
  url.hostname = url.hostname.replace(/\.$/, '');
  if (url.search === '') url.search = ''; // Without the question mark of an empty query.
  return url.href.length > maxLength ? refused(`must have at most ${maxLength} characters`) : { ok: true, url };
}

const refused = (message: string): ReadUrl => ({ ok: false, message });
