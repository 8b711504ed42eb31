/* apply.h - writing a planned change: whole files, at once or not at all. */
#ifndef KMI_INSTALL_APPLY_H
#define KMI_INSTALL_APPLY_H

#include "install/plan.h"

/* Changes the plan of an undoing so that files which nobody touched since we did get back what stood in them before us, to the
 * byte. Call after the last kmi_install_plan_add(…, true, …), and only if every entry of ours in the file goes. */
km_status kmi_install_restore(kmi_install_plan *plan, km_error *error) KM_MUST_CHECK;
/* Writes one file of the plan and keeps (or, with `remove`, drops) the record of what it was. Missing folders are made, and
 * removed again with the file. KM_E_CONFLICT: the file was changed after it was read; nothing is written. */
km_status kmi_install_apply(const kmi_install_plan *plan, const kmi_install_file *file, bool remove,
                            km_error *error) KM_MUST_CHECK;
/* Removes the temporary files that a killed install has left beside this file, and among the records, more than an hour ago. */
void kmi_install_sweep(const char *path);

#endif
