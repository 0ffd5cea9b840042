// What every page loads; each part looks for what it enhances.
import './times.js';
import './live.js';

// On a phone it may be beyond the edge.
document.querySelector('.tabs [aria-current]')?.scrollIntoView({ block: 'nearest' });

// The library of charts is larger than everything else.
if (document.querySelector('[data-chart]')) await import('./charts.js');
