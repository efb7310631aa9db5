// Takes the place of the package `stacktape` in a bundled config.
//
// The package stays where the user has it, unbundled, which saves half of the bundler's time. Where it is not installed,
// `defineConfig` still works, and everything else says what is missing. `globalThis.require` is that of the config file
// while the config is loaded.
'use strict';

const { defineConfig, ...others } = installed() ?? missing();

function installed() {
  // The package carries a large source map that helps nobody.
  process.setSourceMapsEnabled(false);
  try {
    return globalThis.require('stacktape');
  } catch (error) {
    if (error.code === 'MODULE_NOT_FOUND' && error.message.includes("'stacktape'")) return null;
    throw error;
  } finally {
    process.setSourceMapsEnabled(true);
  }
}

function missing() {
  return { defineConfig: (configure) => configure };
}

/** The package's own `defineConfig` gives an empty config when the function is async. */
function defineAwaited(configure) {
  return (input) => {
    const finish = (config) => defineConfig(() => config)(input);
    const config = configure(input);
    return typeof config?.then === 'function' ? config.then(finish) : finish(config);
  };
}

/** Asked for what is not exported: an answer beats `undefined is not a constructor`. */
const absent = new Proxy({}, {
  get(_, name) {
    if (typeof name === 'symbol' || name === '__esModule' || name === 'then' || name === 'default') return undefined;
    const isInstalled = Object.keys(others).length > 0;
    throw new Error(
      isInstalled
        ? `the installed version of the package \`stacktape\` has no \`${name}\``
        : `\`${name}\` is of the package \`stacktape\`, which is not installed: run \`npm install --save-dev stacktape\``,
    );
  },
});

module.exports = Object.assign(Object.create(absent), others, { defineConfig: defineAwaited });
