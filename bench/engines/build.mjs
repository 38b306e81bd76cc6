// Each engine as one script for the bench's pages, minified; ours as it is served, only without comments and spaces.
import { build } from "esbuild"

for (const name of process.argv.slice(2)) {
  await build({
    entryPoints: [`${name}.js`],
    outdir: `dist/${name}`,
    splitting: true,
    bundle: true,
    minify: name !== "ours",
    minifyWhitespace: true,
    format: "esm",
    platform: "browser",
    logLevel: "error",
    conditions: ["browser"],
    external: ["libxslt"],
    define: {
      "process.env.NODE_ENV": '"production"',
      global: "globalThis",
      __VUE_OPTIONS_API__: "true",
      __VUE_PROD_DEVTOOLS__: "false",
      __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: "false",
    },
    loader: { ".svg": "dataurl", ".png": "dataurl", ".css": "empty" },
  })
}
