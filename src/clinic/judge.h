// A diagnosis of a case against what was done to it and what is true of it. Pure.
#pragma once

#include "clinic/cases.h"
#include "clinic/truth.h"
#include "report/report.h"

namespace qualm::clinic {

/// Fills what was put in, what is right, what was found, missed and falsely named, and the shares.
[[nodiscard]] report::ClinicCase judge(const ClinicCase& made, const Truth& truth,
                                       const diagnose::Diagnosis& found);

/// Whether what a diagnosis without the original's weights names is an answer that is right: of
/// `by_original`, which was judged by its truth.
[[nodiscard]] report::ClinicCase::Answer judge_alone(const report::ClinicCase& by_original,
                                                     const diagnose::Diagnosis& alone);

/// What a diagnosis by a reference pack says of loss and cache, beside that by the original. Where
/// one of the two measured no loss, they agree. Its cause is not judged here.
[[nodiscard]] report::ClinicCase::WithPack compare(const diagnose::Diagnosis& by_original,
                                                   const diagnose::Diagnosis& by_pack);
/// The same where the pack is refused, since the file splits texts otherwise: that agrees with a
/// fault of the files.
[[nodiscard]] report::ClinicCase::WithPack refused(const diagnose::Diagnosis& by_original,
                                                   const Error& why);

}  // namespace qualm::clinic
