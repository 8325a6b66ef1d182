import { type Item, parseInstant, readItem } from '#kit';
import { firstText, idIn, nameIn, type Row, rowsIn } from './shapes.ts';

/** All tasks of a dossier, each once. The current ones may be a list of their own. */
export function tasksOf(row: Row): readonly Row[] {
  const tasks = [...rowsIn(row.task), ...rowsIn(row.currentTask)];
  return [...new Map(tasks.map((task, at) => [idIn(task) ?? `task ${at}`, task])).values()];
}

/**
 * The steps of a dossier: each task from the moment at which it began. A task has no status of its own. Until the dossier
 * was accepted it was submitted, then it is processed. That status stands in, so a task undoes no status of the dossier itself.
 */
export function stepsOf(row: Row, code: string): readonly Item[] {
  const acceptedAt = parseInstant(firstText(row, 'acceptedDate') ?? '');
  return tasksOf(row).map((task) => {
    const given = firstText(task, 'createdDate');
    const began = parseInstant(given ?? '');
    const isBefore = acceptedAt === undefined || (began !== undefined && began < acceptedAt);
    const unit = nameIn(task.agency);
    const step = {
      code,
      at: given,
      status: isBefore ? 'submitted' : 'processing',
      actor: firstText(task, 'assignee.fullname') ?? nameIn(rowsIn(task.candidateGroup)[0]) ?? unit ?? 'iGate',
      unit,
      content: contentOf(task),
      startedAt: given,
    };
    return readItem('dossier.progress.v1', step, false, ['status']);
  });
}

function contentOf(task: Row): string {
  const [step] = rowsIn(task.bpmProcessDefinitionTask);
  return (
    nameIn(step?.name) ??
    nameIn(step?.definitionTask) ??
    nameIn(step?.remind) ??
    `Bước xử lý ${idIn(task) ?? ''}`.trim()
  );
}
