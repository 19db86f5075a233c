import { Tabs } from '@base-ui/react/tabs';
import { useQuery } from '@tanstack/react-query';
import { Code } from '../../components/code.tsx';

// The receivers that the tests drive, as they are: what is shown here cannot rot.
const sources = import.meta.glob<string>(
  ['../../../../examples/receivers/**/*.{ts,py,go,php,sh}', '!**/*_test.*', '!**/*.test.*'],
  { query: '?raw', import: 'default' },
);

const languages: Record<string, string> = { ts: 'TypeScript', py: 'Python', go: 'Go', php: 'PHP', sh: 'Shell' };
interface Snippet {
  path: string;
  text: string;
}

/** The files of each language, in the order of `languages`. */
async function loadSnippets(): Promise<{ language: string; files: Snippet[] }[]> {
  const files = await Promise.all(
    Object.entries(sources).map(async ([path, load]) => ({
      path: path.replace('../../../../', ''),
      text: await load(),
    })),
  );
  return Object.entries(languages)
    .map(([extension, language]) => ({ language, files: files.filter(({ path }) => path.endsWith(`.${extension}`)) }))
    .filter((one) => one.files.length > 0);
}

/** A receiver per language that verifies, deduplicates and notices gaps. */
export function Snippets() {
  const { data = [] } = useQuery({
    queryKey: ['snippets'],
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: loadSnippets,
  });
  const [first] = data;
  if (first === undefined) return null;
  return (
    <div className="stack-small">
      <h3>Verify, deduplicate, notice gaps</h3>
      <Tabs.Root defaultValue={first.language}>
        <Tabs.List className="tabs-list">
          {data.map(({ language }) => (
            <Tabs.Tab key={language} value={language} className="tab">
              {language}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {data.map(({ language, files }) => (
          <Tabs.Panel key={language} value={language} className="tab-panel stack-small">
            {files.map(({ path, text }) => (
              <Code key={path} title={path} text={text} />
            ))}
          </Tabs.Panel>
        ))}
      </Tabs.Root>
    </div>
  );
}
