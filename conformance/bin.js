#!/usr/bin/env node
import "./dist/cli.js"; // a file of the repository: npm links what is there at `npm ci`, and dist/ is built after that
