import { alertSeries } from '../promql.ts';
import { signal } from '../signal.ts';

const LABELS = 'alertname, gateway, server, severity';

export const alertSince = signal({
  title: 'Since',
  description: 'Alerts that fire, and since when their condition holds.',
  unit: 'dateTimeFromNow',
  by: {
    firing: `1000 * max by (${LABELS}) (${alertSeries('ALERTS_FOR_STATE', 'severity=~"critical|warning|info"')}) and on (${LABELS}) max by (${LABELS}) (${alertSeries('ALERTS', 'alertstate="firing"')})`,
    pending: `1000 * max by (${LABELS}) (${alertSeries('ALERTS_FOR_STATE', 'severity=~"critical|warning|info"')}) and on (${LABELS}) max by (${LABELS}) (${alertSeries('ALERTS', 'alertstate="pending"')})`,
  },
});
