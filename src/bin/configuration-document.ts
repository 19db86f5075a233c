import { writeFileSync } from 'node:fs';
import { configurationDocument } from '../config/document.ts';

writeFileSync('docs/configuration.md', configurationDocument());
