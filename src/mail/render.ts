/** What a mail says; both its forms are made of this, so they cannot say different things. All of it is plain text. */
interface MailContent {
  subject: string;
  headline: string;
  paragraphs: readonly string[];
  /** Label and value, in a table. */
  facts: readonly (readonly [label: string, value: string])[];
  /** Text from outside, shown as such. */
  quote?: { label: string; text: string };
  /** What the reader can do; `url` is null where the service does not know its own address. */
  link: { label: string; url: string | null };
}

export interface RenderedMail {
  subject: string;
  text: string;
  html: string;
}

const style = {
  body: 'margin:0;padding:24px;background:#f4f5f7;color:#1d2330;font:15px/1.5 -apple-system,Segoe UI,Roboto,Arial,sans-serif',
  card: 'max-width:600px;margin:0 auto;padding:24px;background:#ffffff;border:1px solid #dfe2e8;border-radius:6px',
  headline: 'margin:0 0 16px;font-size:20px;line-height:1.3',
  label:
    'padding:4px 16px 4px 0;color:#5b6475;text-align:left;vertical-align:top;font-weight:normal;white-space:nowrap',
  value: 'padding:4px 0;vertical-align:top;word-break:break-word',
  quote:
    'margin:0 0 16px;padding:12px;background:#f4f5f7;border-left:3px solid #c3c8d2;font:13px/1.45 Consolas,Menlo,monospace;white-space:pre-wrap;word-break:break-word',
  button:
    'display:inline-block;padding:9px 16px;background:#1d4ed8;color:#ffffff;border-radius:4px;text-decoration:none',
  foot: 'max-width:600px;margin:12px auto 0;color:#5b6475;font-size:12px',
} as const;

const foot = 'Sent by Spark360 Events to the addresses that your organization has registered for notices.';

/** The mail in HTML and in plain text: no image, no script, no remote content; every word of it escaped. */
export const renderMail = (content: MailContent): RenderedMail => ({
  subject: content.subject.replace(/\s+/g, ' '),
  text: asText(content),
  html: asHtml(content),
});

function asText({ headline, paragraphs, facts, quote, link }: MailContent): string {
  const blocks = [
    headline,
    ...paragraphs,
    facts.map(([label, value]) => `${label}: ${value}`).join('\n'),
    ...(quote === undefined ? [] : [`${quote.label}:`, quote.text.replace(/^/gm, '> ')]),
    link.url === null ? link.label : `${link.label}: ${link.url}`,
    `-- \n${foot}`,
  ];
  return `${blocks.filter((block) => block !== '').join('\n\n')}\n`;
}

function asHtml({ subject, headline, paragraphs, facts, quote, link }: MailContent): string {
  const rows = facts.map(
    ([label, value]) =>
      `<tr><th scope="row" style="${style.label}">${escapeHtml(label)}</th><td style="${style.value}">${escapeHtml(value)}</td></tr>`,
  );
  return [
    '<!doctype html>',
    `<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escapeHtml(subject)}</title></head>`,
    `<body style="${style.body}"><div style="${style.card}">`,
    `<h1 style="${style.headline}">${escapeHtml(headline)}</h1>`,
    ...paragraphs.map((paragraph) => `<p style="margin:0 0 16px">${escapeHtml(paragraph)}</p>`),
    ...(rows.length === 0 ? [] : ['<table style="margin:0 0 16px;border-collapse:collapse">', ...rows, '</table>']),
    ...(quote === undefined
      ? []
      : [
          `<p style="margin:0 0 4px;color:#5b6475">${escapeHtml(quote.label)}</p>`,
          `<pre style="${style.quote}">${escapeHtml(quote.text)}</pre>`,
        ]),
    link.url === null
      ? `<p style="margin:0">${escapeHtml(link.label)}</p>`
      : `<p style="margin:0"><a href="${escapeHtml(link.url)}" style="${style.button}">${escapeHtml(link.label)}</a></p>`,
    `</div><p style="${style.foot}">${escapeHtml(foot)}</p></body></html>`,
    '',
  ].join('\n');
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Safe as an element's text and inside a quoted attribute. */
const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (character) => entities[character] ?? '');
