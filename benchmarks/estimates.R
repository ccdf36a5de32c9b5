# R's side of benchmarks/estimates.py. Reads the data once, then, for each line on its standard input
# that names a task, does it and answers with the seconds that it took and the figures.
suppressMessages(library(survival))
folder <- commandArgs(trailingOnly = TRUE)[1]
whole <- function(name) {
  path <- file.path(folder, name)
  readBin(path, "integer", file.size(path) / 4, size = 4)
}
data <- data.frame(days = whole("days"), track = factor(whole("track")),
                   cause = factor(whole("cause"), levels = 0:3))
data$event <- as.integer(data$cause != "0")
at <- as.numeric(strsplit(commandArgs(trailingOnly = TRUE)[2], ",")[[1]])

tasks <- list(
  curves = function() survfit(Surv(days, event) ~ track, data, conf.type = "log-log"),
  test = function() survdiff(Surv(days, event) ~ track, data),
  incidence = function() survfit(Surv(days, cause) ~ 1, data, conf.type = "log-log"))
read <- list(
  curves = function(fit) {
    found <- summary(fit, times = at)
    c(rbind(found$surv, found$lower, found$upper))
  },
  test = function(fit) fit$chisq,
  incidence = function(fit) {
    found <- summary(fit, times = at)
    unlist(lapply(2:4, function(k) rbind(found$pstate[, k], found$lower[, k], found$upper[, k])))
  })
cat("R", as.character(getRversion()), "with survival", as.character(packageVersion("survival")), "\n")
flush(stdout())
input <- file("stdin", "r")
while (length(task <- readLines(input, 1)) == 1) {
  gc(FALSE)
  started <- as.numeric(Sys.time())
  fit <- tasks[[task]]()
  taken <- as.numeric(Sys.time()) - started
  cat(sprintf("%.17g", c(taken, read[[task]](fit))), "\n")
  flush(stdout())
}
