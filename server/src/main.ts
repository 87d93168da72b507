/**
 * The one program of the server. Without an argument it is the supervisor, which starts the other roles as `--role control` and
 * `--role media`; `company` and `restart` are commands of their own. Each role loads only what it needs: the supervisor must stay small, and media must not hold HTTP's modules.
 */
if (process.argv[2] === 'company') {
  const { runCompany } = await import('./cli/company.js');
  process.exit(await runCompany(process.argv.slice(3), process.env));
}

if (process.argv[2] === 'restart') {
  const { runRestart } = await import('./cli/restart.js');
  process.exit(await runRestart(process.env));
}

if (process.argv[2] === 'trunk') {
  const { runTrunk } = await import('./cli/trunk.js');
  process.exit(await runTrunk(process.argv.slice(3), process.env));
}

const role = process.argv[process.argv.indexOf('--role') + 1];

switch (process.argv.includes('--role') ? role : 'supervisor') {
  case 'supervisor': {
    const { supervise } = await import('./supervisor.js');
    process.exit(await supervise(process.env));
    break;
  }
  case 'control': {
    const { runControl } = await import('./control.js');
    await runControl();
    break;
  }
  case 'media': {
    const { runMedia } = await import('./cli/media-role.js');
    await runMedia();
    break;
  }
  default:
    process.stderr.write(`There is no role "${role}". The roles are supervisor, control and media.\n`);
    process.exit(1);
}
