/**
 * The port of `/health/ready` and `/metrics` in each unit of one role. All units read one hub.env, so it cannot be set there.
 * The role api serves both on PORT.
 */
const PROBES_PORTS = { worker: 9101, scheduler: 9102 };

/**
 * The units of a process with one role, such as lienthong@api, by path below the folder of units.
 * @param unit the text of the unit of all roles; all else is as there
 */
export function unitsOfRoles(name, unit) {
  const ofRole = unit
    .replace(/^Description=.*$/m, 'Description=Liên Thông, role %i')
    .replace(/^# Either one.*\nConflicts=.*$/m, `Conflicts=${name}.service`)
    .replace(/^Environment=HUB_CONFIG.*$/m, '$&\nEnvironment=HUB_ROLES=%i');
  const ports = Object.entries(PROBES_PORTS).map(([role, port]) => [
    `${name}@${role}.service.d/probes.conf`,
    `# Another port: systemctl edit ${name}@${role}\n[Service]\nEnvironment=HUB_PROBES_PORT=${port}\n`,
  ]);
  return Object.fromEntries([[`${name}@.service`, ofRole], ...ports]);
}
