# What R's etm package says of cumulative incidences with late entry, and how far the errors of the
# survival package are from it: for tests/test_competing.py. Reads competing_entry.csv (see
# competing.R) and etm's own data set abortion, which is not kept here. Writes etm.csv (one number
# a row). Run it in this folder:
#   Rscript etm.R
suppressMessages({
  library(survival)
  library(etm)
})

rows <- list()
say <- function(data, group, cause, quantity, value, day) {
  rows[[length(rows) + 1]] <<- data.frame(
    data = data, group = group, cause = cause, quantity = quantity, day = day, value = value)
}

# end: 0 for censored, else the place of the cause among `causes`.
both <- function(data, group, part, causes) {
  found <- summary(etmCIF(Surv(entry, days, end != 0) ~ 1, part, etype = end, failcode = 1))[[1]]
  part$state <- factor(part$end, 0:length(causes), c("censored", causes))
  part$row <- seq_len(nrow(part))
  fit <- survfit(Surv(entry, days, state) ~ 1, part, id = row)
  for (k in seq_along(causes)) {
    own <- found[[paste("CIF", k)]]
    say(data, group, causes[k], "incidence", own$P, own$time)
    say(data, group, causes[k], "se", sqrt(own$var), own$time)
    say(data, group, causes[k], "survfit se", fit$std.err[, match(causes[k], fit$states)], fit$time)
  }
}

late <- read.csv("competing_entry.csv")
causes <- c("relapse", "died", "transferred")
late$end <- match(late$end, causes, nomatch = 0)
both("entry", "all", late, causes)

data(abortion)
names(abortion)[names(abortion) == "exit"] <- "days"
abortion$end <- abortion$cause
for (group in 0:1) {
  both("abortion", group, abortion[abortion$group == group, ], c("1", "2", "3"))
}

found <- do.call(rbind, rows)
found$value <- sprintf("%.17g", found$value)
write.csv(found, "etm.csv", row.names = FALSE, quote = FALSE)
cat("R", as.character(getRversion()), "survival", as.character(packageVersion("survival")),
    "etm", as.character(packageVersion("etm")), "\n")
