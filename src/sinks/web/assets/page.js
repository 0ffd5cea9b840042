// What every page loads; each part looks for what it enhances.
import './times.js';
import './live.js';
