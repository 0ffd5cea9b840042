// Forms that work without a reload: the search of the grid, and checks.

/** @param refresh reads the page again */
export function enhanceForms(refresh) {
  enhanceSearch(refresh);
  enhanceCheck(refresh);
}

function enhanceSearch(refresh) {
  const search = document.getElementById('search');
  let timer;

  function apply() {
    const url = new URL(location.href);
    if (search.value === '') url.searchParams.delete('search');
    else url.searchParams.set('search', search.value);
    history.replaceState(null, '', url);
    void refresh();
  }

  search?.form.classList.add('is-instant');
  search?.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(apply, 150);
  });
  search?.form.addEventListener('submit', (event) => {
    event.preventDefault();
    clearTimeout(timer);
    apply();
  });
}

function describeReports({ reports }) {
  return reports.map((report) => `${report.kind}: ${report.outcome}`).join(', ');
}

/** Of all servers. */
function describeAll({ total, checked, servers }) {
  if (!servers) return `${checked} of ${total} checked, the others follow`;
  const bad = servers.filter(
    ({ reports, problem }) => problem || reports.some(({ outcome }) => outcome !== 'ok'),
  );
  const failed = bad.length > 0 ? `, ${bad.length} failed` : '';
  return `${servers.length === 1 ? '1 server' : `${servers.length} servers`} checked${failed}`;
}

function enhanceCheck(refresh) {
  const form = document.querySelector('form[data-check]');

  async function checkNow() {
    const button = form.querySelector('button');
    const message = document.getElementById('action-message');
    const token = form.elements.namedItem('token')?.value;
    button.disabled = true;
    message.className = '';
    message.textContent = 'Checking …';
    try {
      const response = await fetch(form.dataset.check, {
        method: 'POST',
        headers: token ? { authorization: `Bearer ${token}` } : {},
      });
      const answer = await response.json();
      if (!response.ok) throw new Error(answer.detail);
      message.textContent = answer.reports ? describeReports(answer) : describeAll(answer);
    } catch (error) {
      message.className = 'is-offline';
      message.textContent = error.message;
    } finally {
      button.disabled = false;
    }
    await refresh();
  }

  form?.addEventListener('submit', (event) => {
    event.preventDefault();
    void checkNow();
  });
}
