/** Whether delivery `d` is the first of its lane: all before it, of the same workflow, is settled. */
export const isFirst = `not exists (
  select from deliveries o
   where o.subject = d.subject and o.endpoint_id = d.endpoint_id and o.sequence < d.sequence
     and o.runner is not distinct from d.runner and o.status not in ('delivered', 'abandoned'))`;
